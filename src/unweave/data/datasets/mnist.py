"""MNIST and Fashion-MNIST from their IDX files: 70,000 grey images of 28x28 in 10 classes, 60,000 of them for training.

MNIST: Y. LeCun, C. Cortes, C. Burges. Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf (2017), MIT licence,
https://github.com/zalandoresearch/fashion-mnist; Debian's package `dataset-fashion-mnist` installs its files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.idx import idx_shape, is_gzip, read_idx
from unweave.data.files.mapped import mapped
from unweave.data.images import ImageData
from unweave.data.sources.published import HOME

Part = Literal["both", "train", "test"]
FILES = {"train": "train", "test": "t10k"}
PREFIXES = (Path("/usr"), Path("/usr/local"), Path(sys.prefix))
CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


def mnist(root: Path | str | None = None, *, part: Part = "both") -> ImageData:
    """Handwritten digits; from the folder `root` (or one named mnist below it), or $UNWEAVE_DATA."""
    return _load("mnist", root, part, tuple("0123456789"))


def fashion_mnist(root: Path | str | None = None, *, part: Part = "both") -> ImageData:
    """Clothes; from `root`, or $UNWEAVE_DATA, or where Debian's package dataset-fashion-mnist puts them."""
    return _load("fashion-mnist", root, part, CLOTHES)


def _load(name: str, root: Path | str | None, part: Part, classes: tuple[str, ...]) -> ImageData:
    if part not in ("both", *FILES):
        raise ValueError(f"part is {part!r}; {name} has the parts both, train and test")
    parts = [FILES[p] for p in (FILES if part == "both" else (part,))]
    wanted = [f"{p}-{kind}-ubyte" for p in parts for kind in ("images-idx3", "labels-idx1")]
    folder = _folder(name, root, wanted)
    files = [file for w in wanted if (file := _file(folder, w)) is not None]
    arrays = [_array(file) for file in files]
    images, labels = arrays[::2], arrays[1::2]
    for p, x, y, of, told in zip(parts, images, labels, files[::2], files[1::2], strict=True):
        if x.ndim != 3 or y.ndim != 1 or len(x) != len(y) or not len(x) or x.shape[1:] != images[0].shape[1:]:
            raise ValueError(
                f"{name}'s {p} files do not fit together: images {x.shape}, labels {y.shape}, in {of} and {told}"
            )
        if y.max() >= len(classes):
            raise ValueError(
                f"{name}'s {p} labels go up to {y.max()}, in {told}; the classes are 0 to {len(classes) - 1}"
            )
    x, y = np.concatenate(images)[:, None], np.concatenate(labels)
    return ImageData(x, y=y.astype(np.int64), class_names=classes, name=name, about=f"{folder}, {part}", binary=False)


def _array(file: Path) -> NDArray[np.uint8]:
    """The numbers of an IDX file. Images that are gzipped are unpacked once: beside the file, unless the system owns it."""
    shape = idx_shape(file)
    if len(shape) != 3 or 0 in shape or not is_gzip(file):
        return read_idx(file)
    own = not any(file.is_relative_to(prefix) for prefix in PREFIXES)
    return mapped(file, (shape[0], 1, *shape[1:]), lambda: iter((read_idx(file)[:, None],)), beside=own)[0][:, 0]


def _folder(name: str, root: Path | str | None, wanted: Sequence[str]) -> Path:
    """The folder with the wanted files: below `root` or $UNWEAVE_DATA, or where a package of the system put it.

    Both sets have the same file names, so a folder below one that is named after the other set is not looked at.
    """
    home = os.environ.get(HOME)
    installed = [prefix / "share/datasets" / name for prefix in PREFIXES]
    places = [Path(root)] if root is not None else [Path(p) for p in (home,) if p] + installed
    other = ({"mnist", "fashionmnist"} - {_plain(name)}).pop()
    for place in places:
        found = {path.parent for path in place.rglob(f"{wanted[0]}*") if path.is_file()}
        mine = [f for f in found if other not in {_plain(part) for part in f.relative_to(place).parts}]
        for folder in sorted(mine, key=lambda f: (_plain(name) not in map(_plain, f.parts), f)):
            if all(_file(folder, file) for file in wanted):
                return folder
    raise FileNotFoundError(
        f"{name} needs the files {', '.join(wanted)} (or with .gz) in one folder; looked below "
        f"{', '.join(map(str, places)) or 'nothing'}. Give root=FOLDER or set ${HOME}"
        + f"; `unweave data get {name}` fetches them"
        + (", Debian: apt-get install dataset-fashion-mnist" if name == "fashion-mnist" else "")
    )


def _file(folder: Path, name: str) -> Path | None:
    spellings = (name, f"{name}.gz", name.replace("-idx", ".idx"))
    return next((folder / spelling for spelling in spellings if (folder / spelling).is_file()), None)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
