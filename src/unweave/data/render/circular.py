"""Circular dSprites: a disc at 40 angles and 27 distances from the middle, 1,080 images.

Lin, Thekumparampil, Fanti, Oh 2020: InfoGAN-CR and ModelCentrality.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.render.refined import Levels, refined
from unweave.data.render.rounded import as_bytes
from unweave.settings import Setting

RADIUS = 5  # of the disc, pixels of 64
SPACE = FactorSpace(
    ("angle", "radius"),
    (40, 27),
    (2 * np.pi * np.arange(40) / 40, np.arange(1, 28)),
    ("ordered", "ordered"),
)


def cdsprites(
    root: str | Path | None = None,
    *,
    size: Annotated[int, Setting("pixels a side", low=16)] = 64,
    levels: Levels = 0,
) -> FactorImages:
    """Circular dSprites, binary, (1, size, size): a disc of radius 5/64, 1/64 to 27/64 off centre.

    With `levels`, angle and radius are continuous, and the disc is smooth at its edge: the
    brightness of a pixel is the share of it that the disc covers. `root` is not used.

    **Departures**: the paper states the counts and the disc; distances from 1 to 27 are chosen
    here: at 0 all angles would be one image, and at 27 the disc just fits into the image.
    """
    space = refined(SPACE, levels, ("radius",), {"angle": 2 * np.pi})

    def draw(v: NDArray[np.int64]) -> NDArray[np.uint8]:
        return _smooth(_away(space, v, size), size)

    if levels:
        return FactorImages(space, draw, name="cdsprites", about="rendered", binary=False)
    images = _binary(_away(space, space.factors_at(np.arange(len(space))), size))
    return FactorImages(space, images, name="cdsprites", about="rendered", binary=True)


def _away(space: FactorSpace, v: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Squared distance of each pixel (n, size, size) from the disc's centre, in pixels of 64."""
    # (size,): centres of pixels, 0 in the middle
    place = (np.arange(size) + 0.5) * (64 / size) - 32
    angle = space.values[0][v[:, 0]]
    radius = space.values[1][v[:, 1]]
    # (n, size): from the centre of the disc, rows from above
    dx = place - (radius * np.cos(angle))[:, None]
    dy = place + (radius * np.sin(angle))[:, None]
    return dx[:, None, :] ** 2 + dy[:, :, None] ** 2


def _binary(away: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Images (n, 1, size, size), 255 where the centre of a pixel is inside the disc."""
    return (away <= RADIUS**2)[:, None].astype(np.uint8) * np.uint8(255)


def _smooth(away: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """Images (n, 1, size, size), grey in pixels at the edge of the disc."""
    # the share of a pixel that is covered, from the distance of its centre to the edge, in pixels
    share = 0.5 + (RADIUS - np.sqrt(away.astype(np.float32))) * np.float32(size / 64)
    return as_bytes(share)[:, None]
