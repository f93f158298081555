"""Ray-cast stand-in for 3D Shapes: a solid in a room; three hues, scale, shape, orientation.

The six factors, their order, sizes and values are those of 3D Shapes (Burgess, Kim 2018): a camera
on an arc of 60 degrees looks down at one solid on the floor of a square room without a roof, under
a pale blue sky. The surfaces in a pixel depend on scale, shape and orientation alone (480 views,
cast at first use and kept as the share of each surface in the light of each pixel); an image is
these shares times the colours.

**Departures** from 3D Shapes: dimensions of room, camera and light are chosen here; pixels differ
from the published set.
"""

from __future__ import annotations

import colorsys
import math
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.render.refined import Levels, refined
from unweave.data.render.rounded import as_bytes
from unweave.data.render.solids import Array, Distance, normals, solid, trace
from unweave.settings import Setting

SPACE = FactorSpace(
    ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation"),
    (10, 10, 10, 8, 4, 15),
    (
        *[np.arange(10) / 10] * 3,
        np.linspace(0.75, 1.25, 8),
        ("cube", "cylinder", "sphere", "capsule"),
        np.linspace(-30, 30, 15),
    ),
    ("ordered", "ordered", "ordered", "ordered", "categorical", "ordered"),
)
ROOM = 4.0  # half the width of the room
WALL = 3.0  # height of the walls
DISTANCE = 3.8  # of the camera from the axis of the room
HEIGHT = 1.7  # of the camera
LOOK_AT = 0.72  # height of the point that the camera is directed at
VIEW = 0.53  # tangent of half the angle of view
REACH = 0.87  # of a solid from its middle, in heights: the corner of a cube
LIGHT = np.array([1.6, 5.5, 3.2], dtype=np.float32)
UP = np.array([0, 1, 0], dtype=np.float32)
SKY = (0.72, 0.86, 0.95)
WHITE = (1.0, 1.0, 1.0)
PROBED = 8  # images of the fingerprint: each may take a view that has to be cast first
KEPT = 4096  # views at most, 84 MB at 64x64
FLOOR_, WALL_, OBJECT_, SKY_, SHINE_ = range(5)  # surfaces that share the light of a pixel


def scene3d(
    root: str | Path | None = None,
    *,
    size: Annotated[int, Setting("pixels a side", low=8)] = 64,
    levels: Levels = 0,
) -> FactorImages:
    """480,000 images (3, size, size) of a solid in a room, rendered on demand; `root` is not used.

    With `levels`, the three hues, scale and orientation are continuous; shape stays one of four. Up
    to 32 levels all views are kept; with more a view is cast for each image, which takes some 25 ms
    at 64x64.
    """
    space = refined(SPACE, levels, ("scale", "orientation"), dict.fromkeys(SPACE.names[:3], 1.0))
    return FactorImages(
        space,
        CameraViews(space, size),
        name="scene3d",
        about="rendered",
        binary=False,
        probed=PROBED,
    )


class CameraViews:
    """Renderer from factor indices to images; keeps the views it has cast.

    They take 5 bytes a pixel: 480 are 10 MB at 64x64.
    """

    def __init__(self, space: FactorSpace, size: int) -> None:
        self.space = space
        self.size = size
        self.hues = [_colours(hues) for hues in space.values[:3]]
        kept = space.sizes[3:]
        if math.prod(kept) > KEPT:
            kept = (0, 0, 0)
        self.shares = np.zeros((*kept, 5, size * size), dtype=np.uint8)
        self.known = np.zeros(kept, dtype=bool)

    def __call__(self, v: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Images (n, 3, size, size) of factor indices (n, 6)."""
        # the colour of each of the five surfaces: floor, wall and object by their hues
        colours = np.empty((len(v), 3, 5), dtype=np.float32)
        for surface, hues in enumerate(self.hues):
            colours[:, :, surface] = hues[v[:, surface]]
        colours[:, :, SKY_] = SKY
        colours[:, :, SHINE_] = WHITE
        # (n, 3, 5) @ (n, 5, size * size) -> (n, 3, size * size)
        light = colours @ self._shares(v[:, 3:]).astype(np.float32)
        np.minimum(light, 255, out=light)
        return (light + 0.5).astype(np.uint8).reshape(-1, 3, self.size, self.size)

    def _shares(self, views: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The shares (n, 5, size * size) of the views (n, 3): scale, shape, orientation."""
        if not self.known.size:
            different, which = np.unique(views, axis=0, return_inverse=True)
            return np.stack([self._cast(view) for view in different])[which.reshape(-1)]
        at = tuple(views.T)
        for view in np.unique(views[~self.known[at]], axis=0):
            self.shares[tuple(view)] = self._cast(view)
            self.known[tuple(view)] = True
        return self.shares[at]

    def _cast(self, view: NDArray[np.int64]) -> NDArray[np.uint8]:
        scale, shape, orientation = view.tolist()
        scales, _, orientations = self.space.values[3:]
        return cast(scales[scale], shape, orientations[orientation], self.size)


def _colours(hues: NDArray[np.generic]) -> Array:
    """Red, green and blue in [0, 1] of hues (m,) at full saturation, (m, 3)."""
    return np.array([colorsys.hsv_to_rgb(hue, 1, 1) for hue in hues.tolist()], np.float32)


def cast(scale: float, shape: int, orientation: float, size: int) -> NDArray[np.uint8]:
    """Shares (5, size * size) of floor, wall, object, sky and highlights in pixels, 255 for all.

    Four rays a pixel. scale: of the solid. orientation: of the camera on its arc, degrees.
    """
    eye, along = _rays(np.deg2rad(orientation), 2 * size)
    distance, height = solid(shape, 0.75 * scale)
    light = np.zeros((5, len(along)), dtype=np.float32)

    # The room: every ray meets the floor, a wall or the sky; the solid casts a shadow on the floor.
    at, surface, facing = _room(eye, along)
    shade = 0.55 + 0.45 * _towards_light(at, facing)
    floor = np.flatnonzero(surface == FLOOR_)
    shade[floor[_shadowed(at[floor], distance, height)]] *= 0.55
    light[surface, np.arange(len(along))] = np.where(surface == SKY_, 1, shade)

    # The solid: only rays that pass close to its middle are traced.
    middle = np.array([0, height / 2, 0], dtype=np.float32)
    off_ray = np.linalg.norm(np.cross(along, middle - eye), axis=1)
    close = np.flatnonzero(off_ray < REACH * height)
    hit, at = trace(np.broadcast_to(eye, (len(close), 3)), along[close], distance, 2 * DISTANCE)
    seen = close[hit]
    at = at[hit]
    facing = normals(at, distance)
    light[:, seen] = 0
    light[OBJECT_, seen] = 0.4 + 0.6 * _towards_light(at, facing)
    # highlight by the vector half way between light and camera (Blinn's model)
    half_way = _unit(_unit(LIGHT - at) - along[seen])
    light[SHINE_, seen] = 0.35 * np.einsum("nk,nk->n", facing, half_way).clip(0) ** 30

    # (5, rays) -> (5, size * size): the mean over the 2 x 2 rays of each pixel
    pixels = light.reshape(5, size, 2, size, 2).mean((2, 4))
    return as_bytes(pixels).reshape(5, -1)


def _rays(azimuth: float, size: int) -> tuple[Array, Array]:
    """The eye (3,) and a unit vector (size * size, 3) through each pixel, rows from above."""
    place = [DISTANCE * np.sin(azimuth), HEIGHT, DISTANCE * np.cos(azimuth)]
    eye = np.array(place, dtype=np.float32)
    # axes of the picture, (3,) each
    ahead = _unit(np.array([0, LOOK_AT, 0], dtype=np.float32) - eye)
    right = _unit(np.cross(ahead, UP))
    down = np.cross(ahead, right)
    x = (VIEW * ((2 * np.arange(size) + 1) / size - 1)).astype(np.float32)
    along = ahead + x[None, :, None] * right + x[:, None, None] * down
    return eye, _unit(along.reshape(-1, 3))


def _room(eye: Array, along: Array) -> tuple[Array, NDArray[np.int64], Array]:
    """Where each ray meets the room (n, 3), the surface there (n,), and the normal (n, 3)."""
    # distances along the rays to the floor (n,) and to the walls (n, 3) across x and z
    with np.errstate(divide="ignore"):
        to_floor = np.where(along[:, 1] < 0, -eye[1] / along[:, 1], np.inf)
        to_walls = (np.sign(along) * ROOM - eye) / along
    to_walls[:, 1] = np.inf  # no roof
    # the nearer of floor and nearest wall, which has sky above its upper edge
    wall = to_walls.argmin(1)
    to_wall = to_walls.min(1)
    at = eye + np.minimum(to_floor, to_wall)[:, None] * along
    surface = np.where(to_floor < to_wall, FLOOR_, np.where(at[:, 1] < WALL, WALL_, SKY_))
    facing = -np.sign(along) * (np.arange(3) == wall[:, None])
    return at, surface, np.where((surface == FLOOR_)[:, None], UP, facing)


def _shadowed(at: Array, distance: Distance, height: float) -> NDArray[np.bool_]:
    """Whether the solid stands between each point of the floor (n, 3) and the light."""
    # only rays to the light that pass close to the middle of the solid are traced
    along = _unit(LIGHT - at)
    middle = np.array([0, height / 2, 0], dtype=np.float32)
    near = np.linalg.norm(np.cross(along, middle - at), axis=1) < REACH * height
    shadowed = np.zeros(len(at), dtype=bool)
    start = at[near] + 0.01 * along[near]  # off the floor, which the solid touches
    shadowed[near] = trace(start, along[near], distance, float(LIGHT[1]))[0]
    return shadowed


def _towards_light(at: Array, facing: Array) -> Array:
    """Cosine (n,) of normals and directions to the light, 0 for surfaces turned away."""
    return np.einsum("nk,nk->n", facing, _unit(LIGHT - at)).clip(0)


def _unit(p: Array) -> Array:
    """Vectors (..., 3) scaled to length 1."""
    return p / np.sqrt(np.einsum("...k,...k->...", p, p))[..., None]
