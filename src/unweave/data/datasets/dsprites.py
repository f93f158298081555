"""dSprites: from the published file if the user has it, else rendered with identical pixels."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
from numpy.typing import NDArray

from unweave.data.datasets.shapes3d import dsprites_hdf5
from unweave.data.factors import FactorSpace
from unweave.data.files.mapped import mapped
from unweave.data.files.npy import UNREADABLE, header, member
from unweave.data.images import FactorImages
from unweave.data.render import sprites
from unweave.data.sources.published import find
from unweave.settings import Setting

FILE = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
HDF5 = FILE.replace(".npz", ".hdf5")
ADDRESS = "https://github.com/google-deepmind/dsprites-dataset"
CHUNK = 4096  # images read at once


def dsprites(
    root: str | Path | None = None,
    *,
    size: Annotated[
        int, Setting("pixels a side: 64, 32 or 16; a smaller image is the mean of blocks", high=64)
    ] = 64,
) -> FactorImages:
    """dSprites, 737,280 binary images 64x64.

    The factors: shape 3, scale 6, orientation 40, position_x 32, position_y 32.

    Smaller ones are grey: an image of a size of 32 has the means of 2x2 blocks, of 16 those of 4x4.
    Orientations 0 and 39 are the same angle, a full turn: no code can distinguish them, which
    bounds every score of this factor; nor turns of a square that differ by a quarter, or of an
    ellipse by a half. The constant factor "color" of the published file is left out.
    """
    if size not in (16, 32, 64):
        raise ValueError(f"size is {size}; dSprites come in 64, 32 or 16 pixels a side")
    full = _opened(find(FILE, root, HDF5))
    if size == 64:
        return full
    return _smaller(full, size)


def _opened(file: Path | None) -> FactorImages:
    """The images of a published file in either form, or rendered ones without a file."""
    if file is not None and file.name == HDF5:
        return dsprites_hdf5(file)
    if file is None:
        return FactorImages(
            sprites.SPACE, sprites.draw, name="dsprites", about="rendered", binary=True
        )
    try:
        return _read(file)
    except UNREADABLE as error:
        raise ValueError(f"{file} is not the file published at {ADDRESS}: {error}") from error


def _smaller(full: FactorImages, size: int) -> FactorImages:
    """The same images with `size` pixels a side, each the mean of a block."""

    def draw(v: NDArray[np.int64]) -> NDArray[np.uint8]:
        images = full.images(v)
        side = images.shape[-1] // size
        # (n, 1, 64, 64) -> (n, size, side, size, side) -> (n, size, size): sums over blocks
        blocks = images.reshape(len(images), size, side, size, side)
        total = blocks.sum(2, dtype=np.uint16).sum(3, dtype=np.uint16)
        return (total // side**2).astype(np.uint8)[:, None]

    about = f"{full.about}, {size} pixels a side"
    return FactorImages(full.factors, draw, name=full.name, about=about, binary=False)


def _read(file: Path) -> FactorImages:
    """The images of the published .npz file. ValueError if it has another form."""
    with zipfile.ZipFile(file) as archive:
        classes = member(archive, "latents_classes")
        with archive.open("imgs.npy") as stream:
            shape = _expect(np.dtype(np.uint8), 3, *header(cast(BufferedIOBase, stream)))
    _expect(np.dtype(np.int64), 2, classes.dtype, classes.shape)
    space = _space(classes[:, 1:])
    if shape[0] != len(space):
        raise ValueError(f"it holds {shape[0]} images and the classes of {len(space)}")

    def chunks() -> Iterator[NDArray[np.uint8]]:
        with zipfile.ZipFile(file) as archive, archive.open("imgs.npy") as stream:
            header(cast(BufferedIOBase, stream))
            while part := stream.read(CHUNK * shape[1] * shape[2]):
                zeros_and_ones = np.frombuffer(part, dtype=np.uint8).reshape(-1, 1, *shape[1:])
                yield np.where(zeros_and_ones > 0, np.uint8(255), np.uint8(0))

    images, about = mapped(file, (shape[0], 1, shape[1], shape[2]), chunks)
    return FactorImages(space, images, name="dsprites", about=about, binary=True)


def _expect(
    dtype: np.dtype[Any],
    rank: int,
    found: np.dtype[Any],
    shape: tuple[int, ...],
    by_column: bool = False,
) -> tuple[int, ...]:
    """The shape that was found.

    ValueError unless it is an array of this type and rank, the last index fastest.
    """
    if found != dtype or len(shape) != rank or by_column or min(shape) < 1:
        raise ValueError(
            f"it holds an array {found} {shape}; expected {dtype} of {rank} dimensions"
        )
    return shape


def _space(classes: NDArray[np.int64]) -> FactorSpace:
    """The grid of these classes (N, 5), which has to be complete and in order."""
    # in a grid in order, the last row has the largest index of each factor
    sizes = tuple(int(last) + 1 for last in classes[-1])
    names = sprites.SPACE.names
    whole = len(sizes) == len(names) and min(sizes) > 0 and math.prod(sizes) == len(classes)
    space = sprites.SPACE
    if whole and sizes != space.sizes:  # a part of the published file, as in tests
        space = FactorSpace(names, sizes, None, space.kinds)
    if not whole or not np.array_equal(classes, space.factors_at(np.arange(len(classes)))):
        raise ValueError(
            f"its classes are not those of a complete grid of {', '.join(names)}, in order"
        )
    return space
