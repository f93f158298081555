"""MNIST and Fashion-MNIST from their IDX files: 70,000 grey images of 28x28 in 10 classes.

60,000 of them are for training.

MNIST: Y. LeCun, C. Cortes, C. Burges. Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf (2017), MIT
licence, https://github.com/zalandoresearch/fashion-mnist; Debian's package `dataset-fashion-mnist`
installs its files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.gzipped import is_gzip
from unweave.data.files.idx import idx_shape, read_idx
from unweave.data.files.mapped import mapped
from unweave.data.images import ImageData
from unweave.data.sources.published import HOME
from unweave.settings import as_option

Part = Literal["both", "train", "test"]
FILES = {"train": "train", "test": "t10k"}
PREFIXES = (Path("/usr"), Path("/usr/local"), Path(sys.prefix))
CLOTHES = (
    "T-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def mnist(root: Path | str | None = None, *, part: Part = "both") -> ImageData:
    """Handwritten digits, from the folder `root`, one named mnist below it, or $UNWEAVE_DATA."""
    return _load("mnist", root, part, tuple("0123456789"))


def fashion_mnist(root: Path | str | None = None, *, part: Part = "both") -> ImageData:
    """Clothes, from `root`, $UNWEAVE_DATA, or Debian's package dataset-fashion-mnist."""
    return _load("fashion-mnist", root, part, CLOTHES)


def _load(name: str, root: Path | str | None, part: Part, classes: tuple[str, ...]) -> ImageData:
    if part not in ("both", *FILES):
        raise ValueError(f"part is {part!r}; {name} has the parts both, train and test")
    parts = [prefix for name, prefix in FILES.items() if part in ("both", name)]
    kinds = ("images-idx3", "labels-idx1")
    wanted = [f"{prefix}-{kind}-ubyte" for prefix in parts for kind in kinds]
    folder = _folder(name, root, wanted)
    found = [_file(folder, file) for file in wanted]
    files = [file for file in found if file is not None]
    # images (n, 28, 28) and labels (n,) of each part, in turn
    arrays = [_array(file) for file in files]
    images = arrays[::2]
    labels = arrays[1::2]
    for p, x, y, image_file, label_file in zip(
        parts, images, labels, files[::2], files[1::2], strict=True
    ):
        fits = x.ndim == 3 and y.ndim == 1 and len(x) == len(y) and len(x) > 0
        if not fits or x.shape[1:] != images[0].shape[1:]:
            where = f"in {image_file} and {label_file}"
            raise ValueError(
                f"{name}'s {p} files do not fit together: "
                f"images {x.shape}, labels {y.shape}, {where}"
            )
        if y.max() >= len(classes):
            last = len(classes) - 1
            raise ValueError(
                f"{name}'s {p} labels go up to {y.max()}, in {label_file}; "
                f"the classes are 0 to {last}"
            )
    x = np.concatenate(images)[:, None]  # (N, 1, 28, 28)
    y = np.concatenate(labels).astype(np.int64)
    return ImageData(
        x, y=y, class_names=classes, name=name, about=f"{folder}, {part}", binary=False
    )


def _array(file: Path) -> NDArray[np.uint8]:
    """The numbers of an IDX file.

    Gzipped images are unpacked once: beside the file, unless the system owns it.
    """
    shape = idx_shape(file)
    if len(shape) != 3 or 0 in shape or not is_gzip(file):
        return read_idx(file)
    own = not any(file.is_relative_to(prefix) for prefix in PREFIXES)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        yield read_idx(file)[:, None]

    images, _ = mapped(file, (shape[0], 1, *shape[1:]), chunks, beside=own)
    return images[:, 0]


def _folder(name: str, root: Path | str | None, wanted: Sequence[str]) -> Path:
    """The folder with the wanted files: below `root` or $UNWEAVE_DATA, or of a system's package.

    Both sets have the same file names, so folders below one that is named after the other set are
    left out.
    """
    home = os.environ.get(HOME)
    places = [prefix / "share/datasets" / name for prefix in PREFIXES]
    if home:
        places.insert(0, Path(home))
    if root is not None:
        places = [Path(root)]
    other = ({"mnist", "fashionmnist"} - {_plain(name)}).pop()
    for place in places:
        found = {path.parent for path in place.rglob(f"{wanted[0]}*") if path.is_file()}
        mine = [f for f in found if other not in map(_plain, f.relative_to(place).parts)]
        # folders named after the set come first
        for folder in sorted(mine, key=lambda f: (_plain(name) not in map(_plain, f.parts), f)):
            if all(_file(folder, file) for file in wanted):
                return folder
    problem = (
        f"{name} needs the files {', '.join(wanted)} (or with .gz) in one folder; looked below "
        f"{', '.join(map(str, places)) or 'nothing'}. "
        f"Give {as_option('root', 'FOLDER')} or set ${HOME}; `unweave data get {name}` fetches them"
    )
    if name == "fashion-mnist":
        problem += ", Debian: apt-get install dataset-fashion-mnist"
    raise FileNotFoundError(problem)


def _file(folder: Path, name: str) -> Path | None:
    """The file of this name in the folder, in one of its usual spellings."""
    for spelling in (name, f"{name}.gz", name.replace("-idx", ".idx")):
        if (folder / spelling).is_file():
            return folder / spelling
    return None


def _plain(name: str) -> str:
    """A name in lower case without hyphens and underscores."""
    return name.lower().replace("-", "").replace("_", "")
