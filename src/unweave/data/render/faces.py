"""Faces of 38 people under 64 lights, as Extended Yale B, with exact albedo and normals.

A face is a height field (a head with nose, eye sockets and lips) and an albedo map (eyes, brows,
lips, skin, beard), both made from the same dozen random proportions. An image is albedo * (ambient
+ max(0, normal . light)): Lambert's law.

**Departures** from Georghiades, Belhumeur, Kriegman 2001 (Yale B): procedural heads, a full grid of
8 x 8 lights, no shadow that one part of a face casts on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.render.refined import Levels, refined
from unweave.data.render.rounded import as_bytes
from unweave.seeds import fold
from unweave.settings import Setting

AMBIENT = 0.08
AZIMUTH = (-80, 80)  # of the light, degrees, lowest and highest; 0 is in front
ELEVATION = (-40, 60)
LIGHTS = 8  # values of each angle
NAMES = ("identity", "light_azimuth", "light_elevation")
KINDS = ("categorical", "ordered", "ordered")
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Heads:
    """Surfaces of heads: albedo (K, size, size) in [0, 1], unit normals (K, size, size, 3).

    The normals are 0 off the head.

    Axes of a normal: right, down, towards the camera.
    """

    albedo: Array
    normals: Array

    def shading(self, who: NDArray[np.int64], light: Array) -> Array:
        """max(0, normal . light), (n, size, size), for people (n,).

        light: unit vectors (n, 3) towards it.
        """
        n = len(who)
        size = self.albedo.shape[1]
        # (n, size * size, 3) @ (n, 3, 1): the cosine of normal and light in each pixel
        facing = self.normals[who].reshape(n, -1, 3) @ light[:, :, None]
        return facing.reshape(n, size, size).clip(0)


def faces(
    root: str | Path | None = None,
    *,
    people: Annotated[int, Setting("identities", low=1)] = 38,
    levels: Levels = 0,
    size: Annotated[int, Setting("pixels a side", low=16)] = 32,
    seed: Annotated[int, Setting("of the people")] = 0,
) -> FactorImages:
    """Grey images (1, size, size) by identity, light_azimuth and light_elevation.

    With `levels`, both angles of the light are continuous; the people are the same. `root` is not
    used.
    """
    angles = (np.linspace(*AZIMUTH, LIGHTS), np.linspace(*ELEVATION, LIGHTS))
    published = FactorSpace(NAMES, (people, LIGHTS, LIGHTS), (np.arange(people), *angles), KINDS)
    space = refined(published, levels, NAMES[1:])
    azimuth, elevation = (np.asarray(values, dtype=np.float64) for values in space.values[1:])
    made = heads(people, size, seed)

    def draw(v: NDArray[np.int64]) -> NDArray[np.uint8]:
        towards = light(azimuth[v[:, 1]], elevation[v[:, 2]])
        lit = made.albedo[v[:, 0]] * (AMBIENT + made.shading(v[:, 0], towards))
        return as_bytes(lit)[:, None]

    return FactorImages(space, draw, name="faces", about="rendered", binary=False)


def light(azimuth: NDArray[np.float64], elevation: NDArray[np.float64]) -> Array:
    """Unit vectors (n, 3), right, down, towards the camera, from degrees to the right and up."""
    a = np.deg2rad(azimuth)
    e = np.deg2rad(elevation)
    towards = np.stack([np.sin(a) * np.cos(e), -np.sin(e), np.cos(a) * np.cos(e)], 1)
    return towards.astype(np.float32)


def heads(people: int, size: int, seed: int) -> Heads:
    """Heads of `people` persons; each is a function of the seed and its number alone."""
    albedo = []
    normals = []
    for who in range(people):
        proportions = np.random.default_rng(fold(seed, "head", who)).normal(size=14)
        shade, normal = _head(proportions, size)
        albedo.append(shade)
        normals.append(normal)
    return Heads(np.stack(albedo), np.stack(normals))


def _head(p: NDArray[np.float64], size: int) -> tuple[Array, Array]:
    """Albedo (size, size) and normals (size, size, 3) of a head.

    p: its proportions, 14 standard normal numbers.
    """
    # pixels from -1 to 1, right and down; the parts of the face are at proportions of that
    place = (2 * np.arange(size) + 1) / size - 1
    x = place[None, :]
    y = place[:, None]
    wide = 0.78 + 0.03 * p[12]
    tall = 0.94 + 0.02 * p[13]
    eye_x = 0.34 + 0.04 * p[4]
    eye_y = -0.2 + 0.04 * p[5]
    mouth_y = 0.5 + 0.04 * p[7]
    nose_y = 0.05 + 0.05 * p[2]

    def bump(at_x: float, at_y: float, width: float, height: float) -> NDArray[np.float64]:
        return np.exp(-((x - at_x) ** 2) / width - (y - at_y) ** 2 / height)

    def both(at_x: float, at_y: float, width: float, height: float) -> NDArray[np.float64]:
        return bump(at_x, at_y, width, height) + bump(-at_x, at_y, width, height)

    # height field: an ellipsoid with a nose, eye sockets and lips; its gradient gives the normals
    depth = 0.9 * np.sqrt(np.clip(1.05 - (x / wide) ** 2 - (y / tall) ** 2, 0.02, None))
    depth += (0.22 + 0.05 * p[0]) * bump(0.0, nose_y, 0.02 + 0.005 * abs(p[1]), 0.08)
    depth -= (0.1 + 0.02 * p[3]) * both(eye_x, eye_y, 0.02, 0.02)
    depth += (0.07 + 0.02 * p[6]) * bump(0.0, mouth_y, 0.08, 0.01)
    down, right = np.gradient(depth, place, place)
    normals = np.stack([-right, -down, np.ones_like(depth)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)

    # albedo: skin with eyes, brows, lips, in half of the people a beard round the mouth, and hair
    albedo = 0.68 + 0.1 * p[8] - 0.4 * both(eye_x, eye_y, 0.012, 0.004)
    albedo -= (0.22 + 0.05 * p[9]) * both(eye_x, eye_y - 0.17 + 0.03 * p[10], 0.03, 0.003)
    albedo -= 0.2 * bump(0.0, mouth_y, 0.05, 0.006)
    if p[11] > 0:
        albedo -= 0.2 * bump(0.0, 0.85, 0.3, 0.06) * (1 - bump(0.0, mouth_y, 0.05, 0.01))
    albedo -= 0.45 / (1 + np.exp(30 * (y + 0.68 - 0.25 * x**2 + 0.03 * p[9])))
    # nothing off the head
    head = (x / (wide + 0.02)) ** 2 + (y / tall) ** 2 < 1
    albedo = albedo.clip(0.05, 1) * head
    normals = normals * head[..., None]
    return albedo.astype(np.float32), normals.astype(np.float32)
