"""Arrays of images: .npy and .npz files, numpy, torch, or any sequence of images."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.beside import CLASSES, FACTORS, known, sizes
from unweave.data.convert.layout import Layout, as_images
from unweave.data.convert.samples import collect
from unweave.data.files.npy import UNREADABLE, map_npy, member, members
from unweave.data.images import ImageData
from unweave.settings import Setting, as_option
from unweave.tensors import plain

IMAGES = ("images", "imgs", "x", "X", "x_train", "data", "arr_0")


def arrays(
    root: Any = None,
    *,
    layout: Annotated[
        Layout, Setting("where the channels are: last, first, or found out")
    ] = "auto",
    key: Annotated[
        str, Setting("the array of an .npz file that holds the images; found by name unless given")
    ] = "",
    size: Annotated[
        int, Setting("pixels a side, for data that give pictures of any size", low=1)
    ] = 64,
) -> ImageData:
    """Images (or vectors) of `root`: an .npy or .npz file, an array or tensor, or samples.

    In an .npz, arrays named y, labels, targets and the like are classes, and those named factors,
    latents or v are factors, see `unweave.data.convert.beside`. A data set of samples
    (of torch or Hugging Face) has a length and yields images, or (image, class), (image, factors),
    or dicts with them. Nothing is unpickled. ValueError if the array of images or its axes are
    ambiguous, and for labels of another shape.
    """
    if root is None:
        raise ValueError(
            f"name the array: {as_option('root', 'FILE')}, an .npy or .npz; in Python an array too"
        )
    if isinstance(root, (str, Path)):
        name = Path(root).name
        title = Path(root).stem
        found = _open(Path(root), key)
    else:
        name = "the array"
        title = "arrays"
        found = _given(root, size)
    laid = as_images(found["images"], layout, name, found.get("scale"))
    frames = laid.frames
    n = len(laid.images)
    groups = None
    if frames > 1:
        groups = np.repeat(np.arange(n // frames), frames)
    try:
        beside = known(found.get("beside", {}), n, frames)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    factor_names: tuple[str, ...] = ()
    factor_sizes: tuple[int, ...] = ()
    if beside.factors is not None:
        factor_names = tuple(f"factor {k + 1}" for k in range(beside.factors.shape[1]))
        factor_sizes = sizes(beside.factors)
    numbers: dict[str, Any] = {}
    if laid.scale is not None:
        numbers = {"white": laid.scale.depth, "floats": laid.scale.floats}
    return ImageData(
        laid.images,
        y=beside.y,
        class_names=beside.class_names or tuple(found.get("class_names", ())),
        labels=beside.factors,
        factor_names=factor_names,
        factor_sizes=factor_sizes,
        groups=groups,
        name=title,
        about=f"{name}: {laid.about}{beside.about}",
        ones_are_white=laid.ones_are_white,
        **numbers,
    )


def _given(source: Any, size: int) -> dict[str, Any]:
    """The parts of an array, a tensor or a data set of samples, as by `collect`."""
    if not isinstance(source, (list, tuple)):
        source = plain(source)  # a tensor on any device becomes an array
    if isinstance(source, np.ndarray):
        return {"images": source}
    if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        _refuse_others(source)
        return collect(source, size)
    raise ValueError(
        f"expected an array, a file or a data set of samples; given {type(source).__name__}"
    )


def _refuse_others(source: Any) -> None:
    """ValueError for what is no list of samples: a dict of several arrays or data sets, a sparse matrix."""
    kind = type(source).__name__
    if isinstance(source, Mapping):
        keys = ", ".join(map(str, source))
        raise ValueError(
            f"a {kind} of {keys} was given; give one of them, or arrays with their labels as an .npz file"
        )
    try:
        len(source)
    except TypeError as error:
        raise ValueError(f"a {kind} was given, which has no length: {error}") from error


def _open(path: Path, key: str) -> dict[str, Any]:
    """The parts of an .npy or .npz file. ValueError if it cannot be read."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        suffix = path.suffix.lower()
        if suffix == ".npy":
            return {"images": map_npy(path)}
        if suffix != ".npz":
            raise ValueError("expected a file ending in .npy or .npz")
        with zipfile.ZipFile(path) as archive:
            return _members(archive, key)
    except UNREADABLE as error:
        raise ValueError(f"{path} cannot be read: {str(error) or type(error).__name__}") from error


def _members(archive: zipfile.ZipFile, key: str) -> dict[str, Any]:
    """The images of an .npz, with its classes and factors; other members are never opened."""
    there = members(archive)
    wanted = [name for name in IMAGES if name in there]
    if not wanted and len(there) == 1:  # a single array has to be the images
        wanted = there
    if key:
        wanted = [key]
    if not wanted or wanted[0] not in there:
        raise ValueError(
            f"it holds the arrays {', '.join(there) or 'none'}; "
            f"say which are the images by {as_option('key', 'NAME')}"
        )
    chosen = wanted[0]
    names = [name for name in (*CLASSES, *FACTORS) if name in there and name != chosen]
    beside = {name: _beside(archive, name) for name in names}
    return {"images": member(archive, chosen), "beside": beside}


def _beside(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    try:
        return member(archive, name)
    except ValueError as error:
        raise ValueError(f"{name} is no array of numbers: {error}") from error
