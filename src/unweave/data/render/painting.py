"""A painting like Munch's Scream, drawn by a formula: bands of a burning sky, a fjord, a bridge."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from unweave.data.render.noise import uniform

HEIGHT = 350  # of the thumbnail that Scream-dSprites is cut from
WIDTH = 274
SKY = np.array(
    [[205, 72, 38], [236, 146, 54], [222, 186, 98], [188, 88, 52], [120, 130, 128]],
    dtype=np.float32,
)
WATER = np.array([[38, 52, 78], [70, 92, 108], [128, 122, 88], [52, 44, 56]], dtype=np.float32)
PLANKS = np.array([[120, 74, 44], [160, 104, 62], [92, 62, 48], [188, 138, 88]], dtype=np.float32)


@cache
def painting() -> NDArray[np.uint8]:
    """The painting, uint8 (3, 350, 274); always the same."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j].astype(np.float32)
    swirl = _clouds(y, x, 0)
    sky = _brush(SKY, 7 * y + 0.9 * np.sin(5 * x + 3 * swirl) + 1.4 * swirl)
    turn = np.hypot(x - 0.72, 1.4 * (y - 0.55))
    water = _brush(WATER, 16 * turn + 2.2 * _clouds(y, x, 1))
    planks = _brush(PLANKS, 14 * (x + 0.9 * y) + 0.8 * _clouds(y, x, 2))
    # sky above the shore, water between shore and rail, planks below
    shore = 0.42 + 0.05 * np.sin(6 * x) + 0.04 * (swirl - 0.5)
    rail = 0.95 - 0.75 * x
    picture = np.where(y < shore, sky, np.where(y < np.maximum(rail, shore), water, planks))
    light = 0.82 + 0.36 * _clouds(8 * y, 2 * x, 3)
    return (picture * light).clip(0, 255).astype(np.uint8)


def _brush(colours: NDArray[np.float32], phase: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stripes (3, H, W) in the colours (m, 3) in turn, one for each unit of the phase (H, W)."""
    here = np.floor(phase).astype(np.int64)
    part = phase - np.floor(phase)
    soft = np.clip(3 * part - 2, 0, 1)[..., None]  # the last third of a stripe blends into the next
    mixed = colours[here % len(colours)] * (1 - soft) + colours[(here + 1) % len(colours)] * soft
    return np.moveaxis(mixed, -1, 0)  # (H, W, 3) -> (3, H, W)


def _clouds(y: NDArray[np.float32], x: NDArray[np.float32], which: int) -> NDArray[np.float32]:
    """Smooth noise in about [0, 1]: a sum of waves in random directions, the finer the weaker."""
    draw = uniform(which, "painting", np.arange(12), 3)
    total: NDArray[np.float32] = np.zeros_like(y)
    for wave, (turn, shift, pitch) in enumerate(draw):
        cycles = 1.2 * 1.25**wave * (0.8 + 0.4 * pitch)
        angle = 2 * np.pi * turn
        along = np.cos(angle) * x + np.sin(angle) * y
        total += np.sin(2 * np.pi * (cycles * along + shift)) / (1 + wave)
    return (0.5 + total / 6).astype(np.float32)
