"""Falcor3D and Isaac3D, rendered: a living room under moving lights, a robot arm in a kitchen.

W. Nie et al. (2020), "Semi-supervised StyleGAN for disentanglement learning". One .png for each
row, named by its number, and the labels as an array of numpy. Isaac3D's robot_x comes before
robot_y and object_scale after camera_height, as the labels say; the formula in its description has
another order.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.grid import below, space_of
from unweave.data.files.mapped import mapped
from unweave.data.files.npy import UNREADABLE, map_npy
from unweave.data.files.photo import read
from unweave.data.files.state import pictures
from unweave.data.images import FactorImages
from unweave.data.sources.files import wanted
from unweave.settings import Setting

FALCOR = (
    "lighting_intensity", "lighting_x", "lighting_y", "lighting_z",
    "camera_x", "camera_y", "camera_z",
)  # fmt: skip
ISAAC = (
    "object_shape", "robot_x", "robot_y", "camera_height", "object_scale",
    "lighting_intensity", "lighting_y", "object_color", "wall_color",
)  # fmt: skip
CATEGORIES = ("object_shape", "object_color", "wall_color")
CHUNK = 512


def falcor3d(
    root: str | Path | None = None, *, size: Annotated[int, Setting("pixels a side", low=1)] = 64
) -> FactorImages:
    """Falcor3D, 233,280 images: 5 intensities of light; 6 of x, y, z of light and camera each."""
    return _read("falcor3d", root, FALCOR, size)


def isaac3d(
    root: str | Path | None = None, *, size: Annotated[int, Setting("pixels a side", low=1)] = 64
) -> FactorImages:
    """Isaac3D, 737,280 images: 9 factors of sizes 3, 8, 5, 4, 4, 4, 6, 4, 4."""
    return _read("isaac3d", root, ISAAC, size)


def _read(name: str, root: str | Path | None, names: tuple[str, ...], size: int) -> FactorImages:
    """The .png files beside the table of labels, in the order of their numbers."""
    table = wanted(name, root)
    try:
        space = space_of(np.asarray(map_npy(table)), names, CATEGORIES)
    except UNREADABLE as error:
        raise ValueError(f"{table} cannot be read: {error}") from error

    def chunks() -> Iterator[NDArray[np.uint8]]:
        files = {
            int(f.stem): f
            for f in below(table.parent, "*.png")
            if f.stem.isdecimal() and f.stem.isascii()
        }
        if sorted(files) != list(range(len(space))):
            found = f"{table.parent} holds {len(files):,} numbered .png files"
            raise ValueError(f"{found}; {table.name} labels {len(space):,}")
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(space), CHUNK):
                some = [files[row] for row in range(start, min(start + CHUNK, len(space)))]
                yield np.stack(list(pool.map(lambda file: read(file, size, "rgb"), some)))

    made_of = [table, *pictures(table.parent, ".png")]
    images, about = mapped(
        table, (len(space), 3, size, size), chunks, made_of=made_of, variant=f".{size}"
    )
    return FactorImages(space, images, name=name, about=about, binary=False)
