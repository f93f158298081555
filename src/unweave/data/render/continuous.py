"""Continuous dSprites, smooth at the edges: any scale, orientation and position.

For metrics of continuous factors.

The outlines and ranges are those of dSprites; orientation excludes the full turn. Each pixel is
looked up in a table of signed distances to the outline, so that its grey is the share of the pixel
that the sprite covers.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.images import FactorImages
from unweave.data.render.refined import refined
from unweave.data.render.rounded import as_bytes
from unweave.data.render.sprites import SPACE, outlines
from unweave.settings import Setting

Array = NDArray[np.float32]
FINE = 6  # table entries per pixel
EXTENT = 16  # pixels that the table reaches from the centre
WINDOW = 30  # pixels a side: no sprite is wider


def continuous_dsprites(
    root: str | Path | None = None,
    *,
    levels: Annotated[int, Setting("values of scale, orientation and each place", low=2)] = 1000,
) -> FactorImages:
    """Grey images (1, 64, 64) of 3 shapes by `levels` values of each other factor.

    `root` is not used.

    The other rendered data sets have the same option `levels`, 0 for their published grid.
    """
    space = refined(
        SPACE, levels, ("scale", "position_x", "position_y"), {"orientation": 2 * np.pi}
    )

    def at(v: NDArray[np.int64]) -> NDArray[np.uint8]:
        scale, orientation, x, y = (
            space.values[k][v[:, k]].astype(np.float32) for k in range(1, 5)
        )
        return draw(v[:, 0], scale, orientation, x, y)

    return FactorImages(space, at, name="continuous-dsprites", about="rendered", binary=False)


def draw(
    shape: NDArray[np.int64], scale: Array, orientation: Array, x: Array, y: Array
) -> NDArray[np.uint8]:
    """Images (n, 1, 64, 64), from arrays (n,): scale in [0.5, 1], radians, x and y in [0, 1]."""
    n = len(shape)
    inside = np.arange(WINDOW, dtype=np.float32)
    # only a window round the sprite is looked up; the rest stays black
    centre_x = 15.5 + 32 * x
    centre_y = 15.5 + 32 * y
    left = np.rint(centre_x - WINDOW / 2)
    top = np.rint(centre_y - WINDOW / 2)
    dx = inside + (left - centre_x)[:, None]  # (n, WINDOW)
    dy = inside + (top - centre_y)[:, None]
    # (n, WINDOW, WINDOW): pixels turned and scaled back into the frame of the outline
    c = np.cos(orientation) / scale
    s = np.sin(orientation) / scale
    across = _bent(c[:, None, None] * dx[:, None, :] - s[:, None, None] * dy[:, :, None])
    down = _bent(s[:, None, None] * dx[:, None, :] + c[:, None, None] * dy[:, :, None])
    # the share of a pixel that is covered, from the signed distance of its centre
    share = 0.5 - _look_up(shape, down, across) * scale[:, None, None]
    images = np.zeros((n, 64, 64), dtype=np.uint8)
    rows = top.astype(np.int64)[:, None, None] + np.arange(WINDOW)[:, None]
    columns = left.astype(np.int64)[:, None, None] + np.arange(WINDOW)
    greys = as_bytes(share)
    images[np.arange(n)[:, None, None], rows, columns] = greys
    return images[:, None]


def _bent(pixels: Array) -> Array:
    """Places in the table, clipped to its borders, which are far from any sprite."""
    return (FINE * (pixels + EXTENT)).clip(0, np.float32(2 * FINE * EXTENT - 1.001))


def _look_up(shape: NDArray[np.int64], row: Array, column: Array) -> Array:
    """Signed distance, in pixels at scale 1, by bilinear interpolation of the table."""
    # the entry above and left of each place, and the way from it to the next ones, in [0, 1)
    i = row.astype(np.int32)
    j = column.astype(np.int32)
    down = row - i.astype(np.float32)
    across = column - j.astype(np.float32)
    width = 2 * FINE * EXTENT + 1
    here = (shape[:, None, None] * width + i) * width + j
    table = _distances()
    # between left and right in both rows, then between the rows
    above = table.take(here) * (1 - across) + table.take(here + 1) * across
    below = table.take(here + width) * (1 - across) + table.take(here + width + 1) * across
    return (above * (1 - down) + below * down).astype(np.float32, copy=False)


@cache
def _distances() -> Array:
    """Signed distances (3 * 193 * 193,) to the outlines, negative inside, each 1/6 pixel."""
    place = np.arange(2 * FINE * EXTENT + 1) / FINE - EXTENT
    at = (place[None, :] + 1j * place[:, None])[..., None]
    tables = []
    for corners in outlines():
        # points are complex numbers; the last axis is over the edges of the outline
        start = corners @ np.array([1, 1j])
        edge = np.roll(start, -1) - start
        # (193, 193): distance to the nearest edge, from the projection on each, clipped to its ends
        along = (((at - start) * edge.conj()).real / np.abs(edge) ** 2).clip(0, 1)
        nearest = np.abs(at - start - along * edge).min(-1)
        # even-odd rule: inside if an odd number of edges is left of the point
        crosses = (start.imag <= at.imag) != (start.imag + edge.imag <= at.imag)
        slope = edge.real / np.where(edge.imag == 0, 1, edge.imag)
        inside = (crosses & (at.real >= start.real + (at.imag - start.imag) * slope)).sum(-1) % 2
        tables.append(np.where(inside, -nearest, nearest))
    return np.stack(tables).astype(np.float32).ravel()
