"""Renderer of dSprites: a square, an ellipse or a heart, scaled, turned and moved, not smoothed.

A pixel is white if its centre is inside the outline. Centres and the 32 positions of the sprite are
on one grid of 1/31 pixel (positions are 32/31 pixel apart), so only 868 horizontal lines ever cut
an outline at a pixel centre. The cuts are stored in whole 1/31 pixels, for every shape, scale and
angle (5 MB, made in a fraction of a second); an image then is 64 look-ups, a shift and an exclusive
or of row masks.

Matthey, Higgins, Hassabis, Lerchner, 2017: dSprites, disentanglement testing sprites data set.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace

SIZE = 64  # pixels, height and width
FINE = 31  # grid lines per pixel
STEP = 32  # of these lines between two positions
FIRST = 961  # the first position, 15.5 pixels, in half grid lines
REACH = 14 * FINE  # no sprite reaches 14 pixels from its centre
CUTS = 4  # a line cuts an outline at most 4 times (the heart, through both lobes)
ANGLES = 39  # different ones: orientation 39 is a full turn, equal to 0

SPACE = FactorSpace(
    ("shape", "scale", "orientation", "position_x", "position_y"),
    (3, 6, 40, 32, 32),
    (
        ("square", "ellipse", "heart"),
        np.linspace(0.5, 1, 6),
        np.linspace(0, 2 * np.pi, 40),
        np.linspace(0, 1, 32),
        np.linspace(0, 1, 32),
    ),
    ("categorical", "ordered", "ordered", "ordered", "ordered"),
)


def outlines() -> tuple[NDArray[np.float64], ...]:
    """Corners (n, 2), x right, y down, in pixels from the centre, at scale 1 and angle 0.

    The sizes of the ellipse and the height of the heart over its centre were fitted to published
    frames.
    """
    square = np.array([[-9.6, -9.6], [9.6, -9.6], [9.6, 9.6], [-9.6, 9.6]])
    t = 2 * np.pi * np.arange(100) / 100
    ellipse = np.stack([12.7665 * np.cos(t), 7.2169 * np.sin(t)], 1)
    t = 2 * np.pi * np.arange(150) / 150
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    heart = np.stack([9.6 * np.sin(t) ** 3, -19.2 / 29 * y - 1.439], 1)
    return square, ellipse, heart


def draw(v: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Images (n, 1, 64, 64), 0 or 255, of factor indices (n, 5) in the order of `SPACE`."""
    shape, scale, orientation, x, y = v.T
    # (n, 64): the line of the sprite through each row of pixels, and its cuts as packed int64
    sprite = (shape * 6 + scale) * ANGLES + orientation % ANGLES
    line = FINE * np.arange(SIZE) - (FIRST + 1) // 2 + REACH - STEP * y[:, None]
    cuts = _cuts().take(sprite[:, None] * 2 * REACH + line.clip(0, 2 * REACH - 1))
    # (n, 64, 4): the cuts, moved to the position of the sprite
    edges = cuts.view(np.int16).reshape(-1, SIZE, CUTS) + (STEP * x).astype(np.int16)[:, None, None]
    # (n, 64): masks of 64 pixels; a pixel is inside if it is right of an odd number of cuts
    right = _right_of().take(edges)
    rows = right[..., 0] ^ right[..., 1] ^ right[..., 2] ^ right[..., 3]
    pixels = np.unpackbits(rows.view(np.uint8), bitorder="little").reshape(-1, 1, SIZE, SIZE)
    return np.negative(pixels, out=pixels)  # 1 -> 255


@cache
def _right_of() -> NDArray[np.uint64]:
    """Row masks by the place e of an edge, in grid lines: 64 bits, set for pixels from e on."""
    inside = np.arange(SIZE) * FINE >= np.arange(SIZE * FINE)[:, None]
    return np.packbits(inside, axis=1, bitorder="little").view("<u8")[:, 0]


@cache
def _cuts() -> NDArray[np.int64]:
    """Cuts of each sprite by line k, (k - REACH + 0.5) / 31 pixels below the centre.

    Four int16, viewed as one int64.

    A cut is the first grid line at or right of it for a sprite in the first column; two cuts at 0
    cancel.
    """
    space = [_cuts_of(corners) for corners in outlines()]
    return np.concatenate(space).reshape(-1, CUTS).view(np.int64)[:, 0]


def _cuts_of(corners: NDArray[np.float64]) -> NDArray[np.int16]:
    """Cuts (6 scales * 39 angles, lines, 4) of an outline (n, 2)."""
    # (S, n), S = 6 * 39 sprites: corners in grid lines, and the corners that the sides lead to
    scale = SPACE.values[1][:, None, None]
    angle = -SPACE.values[2][:ANGLES, None]
    right, down = corners.T
    x = scale * (np.cos(angle) * right - np.sin(angle) * down)  # (6, 39, n)
    y = scale * (np.sin(angle) * right + np.cos(angle) * down)
    x = x.reshape(-1, len(corners)) * FINE
    y = y.reshape(-1, len(corners)) * FINE
    to_x = np.roll(x, -1, 1)
    to_y = np.roll(y, -1, 1)
    # (S * n,): the first line that cuts each side, and how many do
    first = np.ceil(np.minimum(y, to_y) - 0.5).astype(np.int64).ravel()
    count = np.ceil(np.maximum(y, to_y) - 0.5).astype(np.int64).ravel() - first
    # (C,) over all C cuts: side, line, and the x of the cut as the first grid line right of it
    side = np.repeat(np.arange(count.size), count)
    line = np.arange(side.size) - np.repeat(count.cumsum() - count, count) + first[side]
    along = (line + 0.5 - y.ravel()[side]) / (to_y - y).ravel()[side]
    cut = np.ceil(x.ravel()[side] + along * (to_x - x).ravel()[side] + FIRST / 2).astype(np.int16)
    # (C,): the row of the table (sprite and line) of each cut, and its number among that row's cuts
    place = side // len(corners) * 2 * REACH + line + REACH
    order = np.argsort(place, kind="stable")
    sorted_place = place[order]
    nth = np.arange(order.size) - np.searchsorted(sorted_place, sorted_place)
    table = np.zeros((len(x), 2 * REACH, CUTS), dtype=np.int16)
    table.reshape(-1, CUTS)[sorted_place, nth] = cut[order]
    return table
