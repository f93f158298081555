"""Clips of objects that move straight and bounce off the borders: coloured sprites, and digits.

Denton, Birodkar 2017 (DRNET) and Srivastava et al. 2015 (Moving MNIST) train on such clips: the
content of a clip is constant, the position changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unweave.data.datasets.digits import digits
from unweave.data.datasets.mnist import mnist
from unweave.data.images import ImageData
from unweave.data.render.coloured import HUES
from unweave.data.render.rounded import as_bytes
from unweave.data.render.sprites import outlines
from unweave.seeds import fold
from unweave.settings import Setting

Clips = Annotated[int, Setting("clips", low=1)]
Length = Annotated[int, Setting("frames in a clip", low=2)]
Size = Annotated[int, Setting("pixels a side", low=16)]
Seed = Annotated[int, Setting("of what moves and how")]
Pixels = NDArray[np.uint8]
SCALES = (0.6, 0.8, 1.0)
KINDS = {
    "shape": "categorical",
    "colour": "categorical",
    "digit": "categorical",
    "scale": "ordered",
    "position_x": "continuous",
    "position_y": "continuous",
}


def bouncing_sprites(
    root: str | Path | None = None,
    *,
    clips: Clips = 1000,
    length: Length = 20,
    size: Size = 32,
    seed: Seed = 0,
) -> ImageData:
    """Clips of a square, ellipse or heart in 6 colours and 3 sizes; frames are (3, size, size).

    A clip is a group.

    Labels: shape, colour, scale (indices), and position x, y as shares of its range, in [0, 1].
    `root` is not used.
    """
    rng = np.random.default_rng(fold(seed, "bouncing-sprites"))
    what = rng.integers((3, 6, 3), size=(clips, 3))  # shape, colour and scale of each clip
    place = bounce(clips, length, rng)
    # coverage of pixels, 0 to 255: (3 shapes, 3 scales, h, h) -> (clips * length, size, size)
    things = np.stack([[_thing(shape, scale, size) for scale in SCALES] for shape in range(3)])
    alpha = _frames(things[what[:, 0], what[:, 2]], place, size)
    colour = np.repeat(HUES[what[:, 1]], length, axis=0)[:, :, None, None]
    frames = (alpha[:, None].astype(np.uint16) * colour // 255).astype(np.uint8)
    labels = np.concatenate([np.repeat(what, length, axis=0), place.reshape(-1, 2)], axis=1)
    names = ("shape", "colour", "scale", "position_x", "position_y")
    return _clips(frames, labels, names, (3, 6, 3, 0, 0), length, "bouncing-sprites", "rendered")


def moving_digits(
    root: str | Path | None = None,
    *,
    clips: Clips = 1000,
    length: Length = 20,
    size: Size = 64,
    seed: Seed = 0,
) -> ImageData:
    """Clips of one handwritten digit each: groups of frames (1, size, size).

    The digits are MNIST's, or scikit-learn's without a file.

    Labels: the digit (an index), and position x, y as shares of its range, in [0, 1]; the digit is
    the class too.
    """
    try:
        source = mnist(root)
    except FileNotFoundError:
        if root is not None:
            raise
        source = digits(size=28)
    rng = np.random.default_rng(fold(seed, "moving-digits"))
    rows = rng.integers(len(source), size=clips)
    place = bounce(clips, length, rng)
    side = max(8, 28 * size // 64)
    drawn = np.asarray(source.take(rows), dtype=np.uint8)[:, 0]  # (clips, 28, 28)
    things = np.stack([np.asarray(Image.fromarray(image).resize((side, side))) for image in drawn])
    frames = _frames(things, place, size)[:, None]
    assert source.y is not None
    y = np.repeat(source.y[rows], length)
    labels = np.concatenate([y[:, None], place.reshape(-1, 2)], axis=1)
    names = ("digit", "position_x", "position_y")
    made_of = (source.about, y, source.class_names)
    return _clips(frames, labels, names, (10, 0, 0), length, "moving-digits", *made_of)


def bounce(clips: int, length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Positions (clips, length, 2) in the unit square: straight lines, mirrored at the borders."""
    start = rng.uniform(0, 1, (clips, 1, 2))
    direction = rng.uniform(0, 2 * np.pi, clips)
    speed = rng.uniform(0.06, 0.14, clips)
    velocity = speed[:, None] * np.stack([np.cos(direction), np.sin(direction)], 1)  # (clips, 2)
    way = start + velocity[:, None] * np.arange(length)[:, None]  # (clips, length, 2)
    # a reflection at 0 and 1 is a triangle wave of period 2
    return 1 - np.abs(1 - way % 2)


def _frames(things: Pixels, place: NDArray[np.float64], size: int) -> Pixels:
    """Frames (clips * length, size, size) of objects (clips, h, h) at their positions, on black.

    To the nearest pixel.
    """
    clips, length, _ = place.shape
    side = things.shape[1]
    # (clips * length,): the upper left corner, so that the object stays inside
    left, top = np.rint(place.reshape(-1, 2) * (size - side)).astype(np.int64).T
    frames = np.zeros((clips * length, size, size), dtype=np.uint8)
    inside = np.arange(side)
    rows = top[:, None, None] + inside[:, None]  # (clips * length, h, 1)
    columns = left[:, None, None] + inside  # (clips * length, 1, h)
    frames[np.arange(len(frames))[:, None, None], rows, columns] = np.repeat(things, length, axis=0)
    return frames


def _thing(shape: int, scale: float, size: int) -> Pixels:
    """A sprite, smooth at the edges, in a square (h, h) a little larger, h a third of `size`."""
    side = 2 * round(size * 0.18)
    fine = 8  # samples per pixel along each axis
    unit = side * fine / 26 * scale  # pixels of dSprites to samples here
    corners = outlines()[shape] * unit + side * fine / 2
    place = np.arange(side * fine) + 0.5
    x0, y0 = corners.T
    x1, y1 = np.roll(corners, -1, axis=0).T
    # even-odd rule: a sample is inside if an odd number of edges (a, b) to (c, d) is left of it
    inside = np.zeros((side * fine, side * fine), dtype=bool)
    for a, b, c, d in zip(x0, y0, x1, y1, strict=True):
        if b != d:
            crosses = (b <= place) != (d <= place)
            cut = a + (place - b) * (c - a) / (d - b)  # (side * fine,): x of the edge in each row
            inside ^= crosses[:, None] & (place >= cut[:, None])
    # (side * fine, side * fine) -> (side, side): the share of each pixel that is inside
    return as_bytes(inside.reshape(side, fine, side, fine).mean((1, 3)))


def _clips(
    frames: Pixels,
    labels: NDArray[np.float64],
    names: tuple[str, ...],
    sizes: tuple[int, ...],
    length: int,
    name: str,
    about: str,
    y: NDArray[np.int64] | None = None,
    class_names: tuple[str, ...] = (),
) -> ImageData:
    """The data set of these frames, `length` of each clip, with a group for each clip."""
    groups = np.repeat(np.arange(len(frames) // length), length)
    return ImageData(
        frames,
        y=y,
        class_names=class_names,
        labels=labels,
        factor_names=names,
        factor_sizes=sizes,
        factor_kinds=[KINDS[name] for name in names],
        groups=groups,
        name=name,
        about=about,
    )
