"""Cars3D: 183 models of cars from 24 sides and 4 heights, drawn at 128x128.

S. Reed et al. (2015), "Deep visual analogy-making". One .mat file for each car, `im` uint8
(128, 128, 3, 24, 4). The cars are taken in the order of their file names, so that a car has one
number on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.grid import below, scaled
from unweave.data.factors import FactorSpace
from unweave.data.files.mapped import mapped
from unweave.data.files.mat5 import read_uint8
from unweave.data.images import FactorImages
from unweave.data.sources.files import wanted
from unweave.settings import Setting

AXES = ("elevation", "azimuth", "object")
KINDS = ("ordered", "ordered", "categorical")
MOST_VIEWS = 1_000  # of a car; the published files have 96


def cars3d(
    root: str | Path | None = None, *, size: Annotated[int, Setting("pixels a side", low=1)] = 64
) -> FactorImages:
    """Elevation 4, azimuth 24, object: one for each .mat file of the folder below `root`."""
    first = wanted("cars3d", root)
    files = list(below(first.parent, "*.mat"))
    shape = _car(first).shape
    height, width, _, azimuths, elevations = shape
    values = [range(elevations), range(azimuths), [file.stem for file in files]]
    space = FactorSpace(AXES, (elevations, azimuths, len(files)), values, KINDS)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        # filled a car at a time, and given by elevations: the car is the last, fastest factor
        cars = np.empty((elevations, azimuths, len(files), 3, size, size), np.uint8)
        for i, file in enumerate(files):
            car = _car(file)
            if car.shape != shape:
                raise ValueError(f"{file} holds images {car.shape}, {files[0]} {shape}")
            # (H, W, 3, azimuths, elevations) -> (elevations * azimuths, H, W, 3)
            views = car.transpose(4, 3, 0, 1, 2).reshape(-1, height, width, 3)
            cars[:, :, i] = scaled(views, size).reshape(elevations, azimuths, 3, size, size)
        yield from cars.reshape(elevations, -1, 3, size, size)

    array, about = mapped(
        first.parent, (len(space), 3, size, size), chunks, made_of=files, variant=f".{size}"
    )
    return FactorImages(space, array, name="cars3d", about=about, binary=False)


def _car(file: Path) -> NDArray[np.uint8]:
    """The images of a car, uint8 (H, W, 3, azimuths, elevations)."""
    car = read_uint8(file, "im")
    if car.ndim != 5 or car.shape[2] != 3:
        raise ValueError(
            f"{file} holds no images of a car: expected `im` (H, W, 3, azimuths, elevations)"
        )
    # a packed file of some kilobytes may claim millions of tiny views, each of which is enlarged
    views = car.shape[3] * car.shape[4]
    if views > MOST_VIEWS:
        raise ValueError(f"{file} holds {views:,} views of a car; expected {MOST_VIEWS:,} at most")
    return car
