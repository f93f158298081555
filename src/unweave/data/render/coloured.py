"""Variants of dSprites, as in disentanglement_lib: coloured, on noise, a painting, plain ground.

Locatello et al. 2019, Challenging common assumptions (Color-, Noisy- and Scream-dSprites); van
Steenkiste et al. 2019, Are disentangled representations helpful for abstract visual reasoning?
(abstract dSprites).

**Departures**: there, colour, noise and the part of the painting are drawn anew at each access;
here they are a function of the row and the seed, so that an image is always the same. Images are
rounded to 8 bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.datasets.dsprites import dsprites
from unweave.data.factors import FactorSpace
from unweave.data.files.photo import BROKEN, opened
from unweave.data.images import FactorImages
from unweave.data.render import continuous, sprites
from unweave.data.render.noise import greys, uniform
from unweave.data.render.painting import painting
from unweave.data.render.refined import Levels, refined
from unweave.data.render.rounded import as_bytes
from unweave.data.sources.published import find
from unweave.settings import Setting

Root = str | Path | None
Seed = Annotated[int, Setting("of what is random in each image")]
Pixels = NDArray[np.uint8]

# evenly spaced hues of equal lightness
HUES = np.array(
    [
        [232, 150, 93],
        [162, 177, 92],
        [96, 186, 152],
        [101, 180, 201],
        [178, 159, 229],
        [232, 141, 191],
    ],
    dtype=np.uint8,
)
GREYS = np.array([0, 64, 128, 191, 255], dtype=np.uint8)
ABSTRACT = FactorSpace(
    ("background_colour", "object_colour", *(sprites.SPACE.names[k] for k in (0, 1, 3, 4))),
    (5, 6, 3, 6, 32, 32),
    (np.linspace(0, 1, 5), np.arange(6), *(sprites.SPACE.values[k] for k in (0, 1, 3, 4))),
    ("ordered", "categorical", *(sprites.SPACE.kinds[k] for k in (0, 1, 3, 4))),
)


def color_dsprites(root: Root = None, *, seed: Seed = 0, levels: Levels = 0) -> FactorImages:
    """Sprites (3, 64, 64) on black, each in a colour of its own: every channel uniform in [0.5, 1].

    levels: as of `noisy_dsprites`.
    """
    white = _white(root, levels)

    def draw(v: NDArray[np.int64]) -> Pixels:
        images = white.images(v)  # (n, 1, 64, 64)
        share = 0.5 + 0.5 * uniform(seed, "colour", white.factors.rows(v), 3)
        colour = as_bytes(share)[:, :, None, None]  # (n, 3, 1, 1)
        if levels:
            return over(images, colour, np.uint8(0))
        return np.bitwise_and(images, colour)

    return FactorImages(white.factors, draw, name="color-dsprites", about=white.about, binary=False)


def noisy_dsprites(root: Root = None, *, seed: Seed = 0, levels: Levels = 0) -> FactorImages:
    """White dSprites (3, 64, 64) on noise that is uniform in [0, 1] in each pixel and channel.

    With `levels`, scale, orientation and position are continuous and the sprites those of
    continuous-dsprites, smooth at the edges; what is random is still drawn for each row, so that it
    differs between neighbours.
    """
    white = _white(root, levels)

    def draw(v: NDArray[np.int64]) -> Pixels:
        images = white.images(v)
        n, _, height, width = images.shape
        noise = greys(seed, "noise", white.factors.rows(v), 3 * height * width)
        noise = noise.reshape(n, 3, height, width)
        if levels:
            return over(images, np.uint8(255), noise)
        return np.bitwise_or(images, noise)

    return FactorImages(white.factors, draw, name="noisy-dsprites", about=white.about, binary=False)


def scream_dsprites(root: Root = None, *, seed: Seed = 0, levels: Levels = 0) -> FactorImages:
    """Sprites (3, 64, 64) as the negative of the background, a tinted part of a painting.

    The painting is Munch's Scream from `scream.jpg` if the user has it, else one drawn by a
    formula.
    levels: as of `noisy_dsprites`.
    """
    white = _white(root, levels)
    picture, which = _picture(root)
    picture = np.ascontiguousarray(picture) // 2  # half as bright, so that the tint cannot overflow
    corners = np.array(picture.shape[1:]) - 64

    def draw(v: NDArray[np.int64]) -> Pixels:
        images = white.images(v)
        # (n, 5): the upper left corner of the part, and the tint of the three channels
        drawn = uniform(seed, "painting", white.factors.rows(v), 5)
        top, left = (drawn[:, :2] * corners).astype(np.int64).T
        corner = zip(top, left, strict=True)
        behind = np.stack([picture[:, y : y + 64, x : x + 64] for y, x in corner])  # (n, 3, 64, 64)
        tint = (128 * drawn[:, 2:]).astype(np.uint8)
        behind = behind + tint[:, :, None, None]
        # the negative of a byte is its exclusive or with 255
        if levels:
            return over(images, 255 - behind, behind)
        return np.bitwise_xor(behind, images)

    return FactorImages(
        white.factors, draw, name="scream-dsprites", about=f"{white.about}, {which}", binary=False
    )


def _picture(root: Root) -> tuple[Pixels, str]:
    """A painting (3, H, W) of at least 65 pixels a side, and where it is from."""
    try:
        file = find("scream.jpg", root)
    except FileNotFoundError:
        file = None
    if file is None:
        return painting(), "on a painting drawn by a formula"
    with opened(file) as image:
        try:
            image.thumbnail((350, 274))
            picture = np.moveaxis(np.asarray(image.convert("RGB")), -1, 0)
        except BROKEN as error:
            raise ValueError(f"{file} is damaged: {error}") from error
    if min(picture.shape[1:]) < 65:
        raise ValueError(
            f"{file} is {picture.shape[2]}x{picture.shape[1]} pixels; "
            "it has to be larger than 64x64"
        )
    return picture, f"on {file}"


def abstract_dsprites(root: Root = None, *, seed: Seed = 0, levels: Levels = 0) -> FactorImages:
    """Abstract dSprites (3, 64, 64): 5 greys behind, 6 colours, shape, scale and position.

    The orientation is random.

    With `levels`, scale and position are continuous and the sprite smooth at its edges; orientation
    is random for each row. Always rendered; `root` is not used.
    """
    space = refined(ABSTRACT, levels, ("scale", "position_x", "position_y"))

    def draw(v: NDArray[np.int64]) -> Pixels:
        turn = uniform(seed, "orientation", space.rows(v), 1)  # (n, 1)
        colour = HUES[v[:, 1]][:, :, None, None]
        grey = GREYS[v[:, 0]][:, None, None, None]
        if levels:
            scale, x, y = (space.values[k][v[:, k]].astype(np.float32) for k in (3, 4, 5))
            angle = 2 * np.float32(np.pi) * turn[:, 0]
            return over(continuous.draw(v[:, 2], scale, angle, x, y), colour, grey)
        # (n, 5): shape, scale, orientation, position_x, position_y
        sprite = np.concatenate([v[:, 2:4], (turn * 40).astype(np.int64), v[:, 4:]], axis=1)
        inside = sprites.draw(sprite) > 0
        return np.where(inside, colour, grey)

    return FactorImages(space, draw, name="abstract-dsprites", about="rendered", binary=False)


def over(share: Pixels, front: Pixels | np.uint8, behind: Pixels | np.uint8) -> Pixels:
    """Images: `front` where the share (n, 1, H, W) is 255, `behind` where 0, mixed between."""
    # in 16 bits, and with half of 255 added, so that the division rounds
    share = share.astype(np.uint16)
    return ((share * front + (255 - share) * behind + 127) // 255).astype(np.uint8)


def _white(root: Root, levels: int) -> FactorImages:
    """White sprites on black: dSprites, or with `levels` the continuous ones."""
    if levels:
        return continuous.continuous_dsprites(levels=levels)
    return dsprites(root)
