"""Data sets by name: `load("dsprites")`. Reading this module imports no data set and neither torch nor pillow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unweave.locate import locate
from unweave.settings import Keyword, keywords, nearest

if TYPE_CHECKING:
    from unweave.data.images import FactorImages, ImageData

    Data = ImageData | FactorImages

# name: (function `(root, **options) -> ImageData | FactorImages`, one line of what it is).
# root is what the user gave: a folder, a file, (for "arrays") an array, or None; see published.find.
TABLE: dict[str, tuple[str, str]] = {
    "dsprites": (
        "unweave.data.dsprites:dsprites",
        "2-D shapes with 5 factors, 737,280 binary images; rendered where no file is",
    ),
    "mnist": ("unweave.data.mnist:mnist", "70,000 handwritten digits of 28x28 in 10 classes, from their IDX files"),
    "fashion-mnist": (
        "unweave.data.mnist:fashion_mnist",
        "70,000 photographs of clothes, 28x28 in 10 classes; IDX files",
    ),
    "digits": ("unweave.data.digits:digits", "1,797 handwritten digits of 8x8 in 10 classes, in scikit-learn"),
}


def names() -> list[str]:
    """The names that `load` knows."""
    return list(TABLE)


def load(source: Any, root: str | Path | None = None, **given: Any) -> Data:
    """A data set.

    source: a name (see `names`); `module:function`; the path of a folder of images or of an .npy or .npz file; an
        array; or a data set, which is given back.
    root: the folder with the published files; $UNWEAVE_DATA if None.
    given: keywords of the data set's own function. ValueError for unknown names and options, with the nearest one.
    """
    if hasattr(source, "take") and hasattr(source, "info"):
        return source
    name, place = _placed(source, root)
    known = options(name)
    for option in given:
        if option not in known:
            raise ValueError(f"{name} has no option {option!r}; {nearest(option, known)}")
    return _function(name)(place, **{option: known[option].check(value) for option, value in given.items()})


def options(source: Any) -> dict[str, Keyword]:
    """The options that `load` takes for a source: the keywords of its function."""
    return {k: word for k, word in keywords(_function(_placed(source, None)[0])).items() if k != "root"}


def _placed(source: Any, root: Any) -> tuple[str, Any]:
    """(name of the data set, its root) of what was given to `load`."""
    if not isinstance(source, (str, Path)):
        return "arrays", source
    name = str(source)
    if name not in TABLE and Path(name).exists():
        return "folder" if Path(name).is_dir() else "arrays", Path(name)
    if name in TABLE or ":" in name:
        return name, root
    raise ValueError(f"there is no data set, folder or file {name!r}; {nearest(name, TABLE)}")


def _function(name: str) -> Callable[..., Data]:
    return locate(TABLE[name][0] if name in TABLE else name)
