"""Circular dSprites: a disc at 40 angles and 27 distances from the middle, 1,080 images, two factors that are polar.

Lin, Thekumparampil, Fanti, Oh 2020: InfoGAN-CR and ModelCentrality.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.settings import Setting

SPACE = FactorSpace(("angle", "radius"), (40, 27), (2 * np.pi * np.arange(40) / 40, np.arange(1, 28)))


def cdsprites(
    root: str | Path | None = None, *, size: Annotated[int, Setting("pixels a side", low=16)] = 64
) -> FactorImages:
    """Circular dSprites, binary, (1, size, size): a disc of radius 5/64 of the width, its centre 1 to 27 pixels of 64 off.

    **Departures**: the paper states the counts and the disc; that distances run from 1 to 27 is chosen here: at 0 all
    angles were one image, and at 27 the disc just stays inside.
    """
    images = _draw(SPACE.at(np.arange(len(SPACE))), size)
    return FactorImages(SPACE, images, name="cdsprites", about="rendered", binary=True)


def _draw(v: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    pixel = 64 / size
    place = (np.arange(size) + 0.5) * pixel - 32
    angle, radius = SPACE.values[0][v[:, 0]], SPACE.values[1][v[:, 1]]
    dx = place - (radius * np.cos(angle))[:, None]
    dy = place + (radius * np.sin(angle))[:, None]
    inside = dx[:, None, :] ** 2 + dy[:, :, None] ** 2 <= 25
    return inside[:, None].astype(np.uint8) * np.uint8(255)
