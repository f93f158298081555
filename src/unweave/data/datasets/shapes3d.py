"""3D Shapes and dSprites in their HDF5 form.

3D Shapes: C. Burgess, H. Kim (2018), 480,000 images 64x64x3 of one object in a room:
floor_hue 10, wall_hue 10, object_hue 10, scale 8, shape 4, orientation 15, the last one fastest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.grid import space_of
from unweave.data.files.hdf5 import numbers
from unweave.data.files.mapped import mapped
from unweave.data.images import FactorImages
from unweave.data.sources.files import check, wanted

NAMES = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
SPRITE_NAMES = ("shape", "scale", "orientation", "position_x", "position_y")
CHUNK = 4096
UNREADABLE = (ValueError, OSError, EOFError, KeyError, RuntimeError, MemoryError, TypeError)


def shapes3d(root: str | Path | None = None) -> FactorImages:
    """3D Shapes from 3dshapes.h5 below `root` or $UNWEAVE_DATA; any complete grid."""
    return _read("shapes3d", wanted("shapes3d", root), "images", "labels", NAMES)


def dsprites_hdf5(root: str | Path | None = None) -> FactorImages:
    """The sprites of the file that ends in .hdf5; its images are 0 and 1, here 0 and 255."""
    name = "dsprites-hdf5"
    path = wanted(name, root)
    names = ("color", *SPRITE_NAMES)
    return _read(name, path, "imgs", "latents/classes", names, drop=1, scale=255)


def _read(
    name: str,
    path: Path,
    images: str,
    labels: str,
    names: tuple[str, ...],
    drop: int = 0,
    scale: int = 1,
) -> FactorImages:
    """The images of an HDF5 file.

    images, labels: keys of the arrays. drop: constant factors to leave out, from the first. scale:
    255 for images of zeros and ones, else 1.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError(f"reading {path.name} takes h5py: pip install 'unweave[h5]'") from error
    try:
        check(name, path)
        with h5py.File(path, "r") as file:
            stored = numbers(file, images)
            known = numbers(file, labels)  # (N, K)
            columns = len(names)
            if known.shape != (len(stored), columns):
                raise ValueError(
                    f"it holds {len(stored)} images and labels {known.shape}; "
                    f"expected (N, {columns})"
                )
            values = np.asarray(known[()])
            space = space_of(values[:, drop:], names[drop:], {"shape"})
            if stored.dtype != np.uint8 or stored.ndim not in (3, 4) or len(stored) != len(space):
                raise ValueError(
                    f"it holds {stored.dtype} images {stored.shape} and labels of {len(space)}"
                )
            height, width, *channels = stored.shape[1:]

        def chunks() -> Iterator[NDArray[np.uint8]]:
            with h5py.File(path, "r") as file:
                for start in range(0, len(space), CHUNK):
                    try:
                        part = np.asarray(numbers(file, images)[start : start + CHUNK])
                    except OSError as error:  # a damaged chunk; to `mapped` it is a full disk
                        raise ValueError(str(error)) from error
                    part = part.reshape(*part.shape[:3], -1).transpose(0, 3, 1, 2)  # (n, C, H, W)
                    if scale > 1:
                        part = np.where(part > 0, np.uint8(scale), np.uint8(0))
                    yield part

        shape = (len(space), math.prod(channels), height, width)
        array, about = mapped(path, shape, chunks)
    except UNREADABLE as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    return FactorImages(
        space, array, name=name.removesuffix("-hdf5"), about=about, binary=scale == 255
    )
