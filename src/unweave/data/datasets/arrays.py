"""Arrays of images: from .npy and .npz files, numpy, torch, or anything that gives images one by one."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.beside import CLASSES, FACTORS, known, sizes
from unweave.data.convert.layout import Layout, as_images
from unweave.data.convert.samples import collect
from unweave.data.files.npy import UNREADABLE, map_npy, member, members
from unweave.data.images import ImageData
from unweave.settings import Setting
from unweave.tensors import plain

IMAGES = ("images", "imgs", "x", "X", "x_train", "data", "arr_0")


def arrays(
    root: Any = None,
    *,
    layout: Annotated[Layout, Setting("where the channels are: last, first, or found out")] = "auto",
    key: Annotated[str, Setting("the array of an .npz file that holds the images; found by name unless given")] = "",
    size: Annotated[int, Setting("pixels a side, for data that give pictures of any size", low=1)] = 64,
) -> ImageData:
    """Images (or vectors) of `root`: an .npy or .npz file, an array or tensor, or a data set of samples.

    In an .npz, arrays named y, labels, targets and the like are classes, and those named factors, latents or v are factors,
    see `unweave.data.convert.beside`. A data set of samples (of torch or Hugging Face) has a length and gives images, or
    (image, class), (image, factors), or dicts with them. Nothing is unpickled. ValueError if it is not clear which array is
    meant, or what its axes are, and for labels in a shape that does not fit.
    """
    if root is None:
        raise ValueError("name the array: root=FILE.npy, FILE.npz or an array")
    if isinstance(root, (str, Path)):
        name, found = Path(root).name, _open(Path(root), key)
    else:
        name, found = "the array", _given(root, size)
    laid = as_images(found["images"], layout, name, found.get("scale"))
    frames = laid.frames
    n = len(laid.images)
    groups = None if frames == 1 else np.repeat(np.arange(n // frames), frames)
    try:
        beside = known(found.get("beside", {}), n, frames)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    factors = beside.factors
    return ImageData(
        laid.images,
        y=beside.y,
        class_names=beside.class_names or tuple(found.get("class_names", ())),
        labels=factors,
        factor_names=() if factors is None else tuple(f"factor {k + 1}" for k in range(factors.shape[1])),
        factor_sizes=() if factors is None else sizes(factors),
        groups=groups,
        name=Path(name).stem if name != "the array" else "arrays",
        about=f"{name}: {laid.about}{beside.about}",
        white=255 if laid.scale is None else laid.scale.depth,
        floats=None if laid.scale is None else laid.scale.floats,
    )


def _given(source: Any, size: int) -> dict[str, Any]:
    source = source if isinstance(source, (list, tuple)) else plain(source)  # a tensor of torch, on whatever device
    if isinstance(source, np.ndarray):
        return {"images": source}
    if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        return collect(source, size)
    raise ValueError(f"expected an array, a file or a data set of samples; given {type(source).__name__}")


def _open(path: Path, key: str) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        if path.suffix == ".npy":
            return {"images": map_npy(path)}
        if path.suffix != ".npz":
            raise ValueError("expected a file ending in .npy or .npz")
        with zipfile.ZipFile(path) as archive:
            return _members(archive, key)
    except UNREADABLE as error:
        raise ValueError(f"{path} cannot be read: {str(error) or type(error).__name__}") from error


def _members(archive: zipfile.ZipFile, key: str) -> dict[str, Any]:
    """The images of an .npz, with classes and factors beside them; other members are never opened."""
    there = members(archive)
    wanted = [k for k in IMAGES if k in there] if not key else [key]
    chosen = wanted[0] if wanted else there[0] if len(there) == 1 else None
    if chosen not in there:
        raise ValueError(f"it holds the arrays {', '.join(there) or 'none'}; say which are the images by key=NAME")
    beside = {name: _beside(archive, name) for name in (*CLASSES, *FACTORS) if name in there and name != chosen}
    return {"images": member(archive, chosen), "beside": beside}


def _beside(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    try:
        return member(archive, name)
    except ValueError as error:
        raise ValueError(f"{name} is no array of numbers: {error}") from error
