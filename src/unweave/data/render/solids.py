"""Signed distance functions of four solids, and sphere tracing of rays to them (Hart 1996)."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Distance = Callable[[Array], Array]
STEPS = 32  # along a ray
NEAR = np.float32(2e-3)  # a ray that comes so close has arrived


def solid(shape: int, radius: float) -> tuple[Distance, float]:
    """Signed distance function of a cube, cylinder, sphere or capsule on y = 0, and its height.

    shape: 0 to 3. The function is from points (n, 3), y up, to distances (n,).
    """
    r = np.float32(radius)
    half = r * np.float32((0.8, 0.85, 1.0, 1.2)[shape])

    def cube(x: Array, y: Array, z: Array) -> Array:
        return _beyond(np.abs(x) - half, np.abs(y) - half, np.abs(z) - half)

    def cylinder(x: Array, y: Array, z: Array) -> Array:
        return _beyond(np.sqrt(x * x + z * z) - 0.75 * r, np.abs(y) - half)

    def sphere(x: Array, y: Array, z: Array) -> Array:
        return np.sqrt(x * x + y * y + z * z) - half

    def capsule(x: Array, y: Array, z: Array) -> Array:
        bent = y - y.clip(0.65 * r - half, half - 0.65 * r)
        return np.sqrt(x * x + bent * bent + z * z) - 0.65 * r

    distance = (cube, cylinder, sphere, capsule)[shape]
    return lambda p: distance(p[:, 0], p[:, 1] - half, p[:, 2]), float(2 * half)


def trace(
    start: Array, along: Array, distance: Distance, reach: float
) -> tuple[NDArray[np.bool_], Array]:
    """Whether rays (n, 3) from `start` meet the solid within `reach` (n,), and where (n, 3).

    along: their directions, unit vectors (n, 3).
    """
    # no surface is nearer than the distance, so a ray can go so far at each step
    gone = np.zeros(len(along), dtype=np.float32)
    at = start
    for _ in range(STEPS):
        left = distance(at)  # (n,)
        gone = np.minimum(gone + left, np.float32(2 * reach))
        at = start + gone[:, None] * along
    return (left < NEAR) & (gone < reach), at


def normals(at: Array, distance: Distance) -> Array:
    """Outward unit normals (n, 3) at points of the surface, by central differences."""
    steps = NEAR * np.eye(3, dtype=np.float32)
    slope = np.stack([distance(at + step) - distance(at - step) for step in steps], 1)  # (n, 3)
    return slope / np.maximum(np.linalg.norm(slope, axis=1), 1e-9)[:, None]


def _beyond(*past: Array) -> Array:
    """Signed distance to a box or cylinder, from those of points beyond each pair of faces."""
    # outside by Pythagoras, inside to the nearest face
    outside = np.sqrt(sum(np.maximum(q, 0) ** 2 for q in past))
    return outside + np.minimum(reduce(np.maximum, past), 0)
