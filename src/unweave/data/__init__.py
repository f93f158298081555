"""Data sets by name: `load("dsprites")`.

Reading this module imports no data set and neither torch nor pillow.
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unweave.settings import Keyword, Setting, keywords, nearest
from unweave.settings.locate import locate, module_hint
from unweave.settings.typed import shown
from unweave.text import kind

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from unweave.data.base import Dataset

# name: (function `(root, **options)` that returns a `Dataset`, a description in one line). root is
# what the user gave: a folder, a file, (for "arrays") an array, or None; see published.find.
TABLE: dict[str, tuple[str, str]] = {
    "dsprites": (
        "unweave.data.datasets.dsprites:dsprites",
        "2-D shapes with 5 factors, 737,280 binary images; rendered where no file is",
    ),
    "color-dsprites": (
        "unweave.data.render.coloured:color_dsprites",
        "dSprites, each in a random colour",
    ),
    "noisy-dsprites": (
        "unweave.data.render.coloured:noisy_dsprites",
        "white dSprites on uniform noise",
    ),
    "scream-dsprites": (
        "unweave.data.render.coloured:scream_dsprites",
        "dSprites as negatives of a painting",
    ),
    "abstract-dsprites": (
        "unweave.data.render.coloured:abstract_dsprites",
        "dSprites in 6 colours on 5 greys; rendered",
    ),
    "continuous-dsprites": (
        "unweave.data.render.continuous:continuous_dsprites",
        "dSprites with 1,000 values of each factor but shape, smooth at the edges; rendered",
    ),
    "cdsprites": (
        "unweave.data.render.circular:cdsprites",
        "a disc by angle and radius, 1,080 binary images; rendered",
    ),
    "scene3d": (
        "unweave.data.render.scene3d:scene3d",
        "a solid in a coloured room on the grid of 3D Shapes; rendered",
    ),
    "faces": ("unweave.data.render.faces:faces", "38 people under 64 lights, grey; rendered"),
    "bouncing-sprites": (
        "unweave.data.render.clips:bouncing_sprites",
        "clips of a coloured shape that bounces; rendered",
    ),
    "moving-digits": (
        "unweave.data.render.clips:moving_digits",
        "clips of a handwritten digit that bounces",
    ),
    "skeletons": (
        "unweave.data.render.skeletons:skeletons",
        "13 key points of a body, from several views; rendered",
    ),
    "avatars": (
        "unweave.data.datasets.avatars:avatars",
        "drawn faces, 10,800 images with 6 factors; the extra avatars",
    ),
    "shapes3d": (
        "unweave.data.datasets.shapes3d:shapes3d",
        "a solid in a coloured room, 480,000 images with 6 factors; HDF5",
    ),
    "mpi3d-toy": (
        "unweave.data.datasets.mpi3d:mpi3d_toy",
        "a robot arm, simply drawn, 1,036,800 images with 7 factors; npz",
    ),
    "mpi3d-realistic": (
        "unweave.data.datasets.mpi3d:mpi3d_realistic",
        "a robot arm, realistically drawn, 1,036,800 images; npz",
    ),
    "mpi3d-real": (
        "unweave.data.datasets.mpi3d:mpi3d_real",
        "a robot arm, photographed, 1,036,800 images; npz",
    ),
    "mpi3d-complex": (
        "unweave.data.datasets.mpi3d:mpi3d_complex",
        "a robot arm and things of daily life, 460,800 photographs",
    ),
    "cars3d": (
        "unweave.data.datasets.cars3d:cars3d",
        "183 cars from 24 sides and 4 heights, 17,568 images; .mat files",
    ),
    "smallnorb": (
        "unweave.data.datasets.smallnorb:smallnorb",
        "50 toys, 48,600 grey photographs with 5 factors",
    ),
    "celeba": (
        "unweave.data.datasets.celeba:celeba",
        "202,599 photographs of faces with 40 attributes",
    ),
    "falcor3d": (
        "unweave.data.datasets.nvidia3d:falcor3d",
        "a living room by light and camera, 233,280 images with 7 factors",
    ),
    "isaac3d": (
        "unweave.data.datasets.nvidia3d:isaac3d",
        "a robot arm in a kitchen, 737,280 images with 9 factors",
    ),
    "mnist": (
        "unweave.data.datasets.mnist:mnist",
        "70,000 handwritten digits of 28x28 in 10 classes, from their IDX files",
    ),
    "fashion-mnist": (
        "unweave.data.datasets.mnist:fashion_mnist",
        "70,000 photographs of clothes, 28x28 in 10 classes; IDX files",
    ),
    "digits": (
        "unweave.data.datasets.digits:digits",
        "1,797 handwritten digits of 8x8 in 10 classes, in scikit-learn",
    ),
    "arrays": (
        "unweave.data.datasets.arrays:arrays",
        ".npy and .npz files, arrays, tensors, and data sets that give samples",
    ),
    "folder": (
        "unweave.data.datasets.folder:folder",
        "your own images and videos, any sizes; sub-folders as classes or clips, labels in CSV",
    ),
}

# options of any data set
VIEWS = {
    "shift": Keyword(
        "shift", str, "", Setting("of known factors, e.g. correlated:scale,position_x,strength=0.2")
    ),
    "classes": Keyword(
        "classes", str, "", Setting("the factor whose values are the classes, e.g. shape")
    ),
}


def names() -> list[str]:
    """The names that `load` knows."""
    return list(TABLE)


def load(source: Any, root: str | Path | None = None, **given: Any) -> Dataset:
    """A data set.

    source: a name (see `names`); `module:function`; the path of a folder of images or of an .npy or
        .npz file, as which a `Path` is always read; an array; or a data set, which is returned. An
        object that behaves as a data set is wrapped as a `Dataset`.
    root: the folder with the published files; $UNWEAVE_DATA if None.
    given: keywords of the data set's own function; `shift`, which rows of known factors are kept or
        drawn (see `unweave.data.shifts.text`); and `classes`, the factor whose values are the
        classes.
    ValueError for unknown names and options, with the nearest one.
    """
    from unweave.data.fit import refuse_unfit  # here, since a name alone needs no torch

    data = _adopted(source)
    known = options(source)
    for option in given:
        if option not in known:
            raise ValueError(no_option(_called(source, data), option, known))
    given = {option: known[option].check(value) for option, value in given.items()}
    shift = given.pop("shift", "")
    factor = given.pop("classes", "")
    if data is None:
        name, place = _placed(source, root)
        _point_out_files(source)
        data = _opened(name, place, given)
    refuse_unfit(data, opened_by=source if isinstance(source, str) and ":" in source else "")
    if shift:
        from unweave.data.shifts.text import shifted

        data = shifted(data, shift)
    if factor:
        from unweave.data.classes import with_classes

        data = with_classes(data, factor)
    return data


def _called(source: Any, data: Dataset | None) -> str:
    """The name of a source in an error message."""
    if isinstance(source, str):
        return source
    if data is None:
        return "it"
    return data.name


def options(source: Any) -> Mapping[str, Keyword]:
    """The options that `load` takes for a source: keywords of its function, and of any data set."""
    if _adopted(source) is not None:
        return VIEWS
    words = keywords(_function(_placed(source, None)[0]))
    return {k: word for k, word in words.items() if k != "root"} | VIEWS


def no_option(
    called: str,
    option: str,
    known: Mapping[str, Keyword],
    spelled: Callable[[str], str] = str,
) -> str:
    """The message for an option that the data set `called` does not have.

    known: those that it has. spelled: how the name of an option is shown.
    """
    problem = f"{called} has no option {spelled(option)!r}"
    if known.keys() == VIEWS.keys():
        every = " and ".join(map(spelled, VIEWS))
        return f"{problem}, and none of its own; any data set takes {every}"
    return f"{problem}; {nearest(option, known, spelled)}"


def _adopted(given: Any) -> Dataset | None:
    """The object as a `Dataset`, if it is one or behaves as one; None for anything else."""
    if isinstance(given, (str, Path)):
        return None
    from unweave.data.adopted import adopt  # here, since a name alone needs no torch

    return adopt(given)


def _opened(name: str, root: Any, given: dict[str, Any]) -> Dataset:
    function = _function(name)
    for option, word in keywords(function).items():
        if word.required and option != "root" and option not in given:
            raise ValueError(f"{name} needs the option {option!r}, which has no default")
    made = function(root, **given)
    data = _adopted(made)
    if data is None:
        raise ValueError(
            f"{name} gave {kind(made)}; a data set is an unweave.data.base.Dataset, as "
            "are ImageData and FactorImages of unweave.data.images"
        )
    return data


def _placed(source: Any, root: Any) -> tuple[str, Any]:
    """(name of the data set, its root) of the source given to `load`."""
    if not isinstance(source, (str, Path)):
        return "arrays", source
    if source == "":
        raise ValueError("the name of the data is empty; for the folder that you are in write .")
    name = str(source)
    path = Path(name)
    there = os.path.exists(path)  # Path.exists raises OSError for a text that is too long
    if isinstance(source, Path) and not there:
        raise FileNotFoundError(f"there is no file or folder {name}")
    named = _is_name(source)
    hint = module_hint(name, "function")
    if not named and there and not (hint and path.suffix == ".py"):
        if path.is_dir():
            return "folder", path
        if path.is_file():
            return "arrays", path
        raise ValueError(f"{name} is neither a file nor a folder")  # a pipe could be read for ever
    if named or ":" in name:
        return name, root
    raise ValueError(
        f"there is no data set, folder or file {shown(name)}; {hint or nearest(name, TABLE)}"
    )


def _is_name(source: Any) -> bool:
    """Whether a source is the name of a built-in set; a Path is always a path."""
    return isinstance(source, str) and source in TABLE


def _point_out_files(source: Any) -> None:
    """Log that a name is not read as the file or folder of that name, if there is one."""
    if _is_name(source) and Path(source).exists():
        log.warning(
            "%s is the built-in set; for the file or folder of that name write ./%s", source, source
        )


def _function(name: str) -> Callable[..., Any]:
    """The function that makes a data set. ValueError if the user's own has another signature."""
    if name in TABLE:
        return locate(TABLE[name][0])
    found = locate(name, beside=[Path.cwd()])
    first = ""
    if inspect.isfunction(found):
        first = next(iter(inspect.signature(found).parameters), "")
    if first != "root":
        raise ValueError(f"{name} is no data set: that is a function (root, **options)")
    return found
