"""Images laid out in a grid and kept in the page itself, as PNG data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GAP = 2  # transparent pixels between the images of a grid
SIDE = 96  # larger images are shown at this size, so that a page stays small


@dataclass(frozen=True)
class Picture:
    """A grid of images as one PNG.

    uri: a data URI. width, height: in pixels. columns: images in a row. alt: what it shows, in words.
    """

    uri: str
    width: int
    height: int
    columns: int
    alt: str

    @property
    def tile(self) -> float:
        """Width of one image in pixels."""
        return (self.width + GAP) / self.columns - GAP


def grid(images: NDArray[np.generic], columns: int, alt: str, gap: int = GAP) -> Picture:
    """Images (n, C, H, W), uint8 or in [0, 1], row by row, `columns` in a row, with transparent gaps."""
    return tiled(pixels(images), columns, alt, gap)


def tiled(
    tiles: NDArray[np.uint8],
    columns: int,
    alt: str,
    gap: int = GAP,
    *,
    blank: Collection[int] = (),
    apart: bool = False,
) -> Picture:
    """Pixels (n, H, W) or (n, H, W, 3) in such a grid. blank: places that stay empty.

    apart: the first row and the first column, as heads of the others, stand a third of an image away.
    """
    shrunk = [np.asarray(_shrunk(tile)) for tile in tiles]
    height, width = shrunk[0].shape[:2]
    rows, beyond = -(-len(shrunk) // columns), height // 3 * apart
    shape = (rows * (height + gap) - gap + beyond, columns * (width + gap) - gap + beyond)
    colour = np.zeros(shape + shrunk[0].shape[2:], np.uint8)
    alpha = np.zeros(shape, np.uint8)
    for i, tile in enumerate(shrunk):
        row, column = divmod(i, columns)
        y, x = row * (height + gap) + beyond * (row > 0), column * (width + gap) + beyond * (column > 0)
        if i not in blank:
            colour[y : y + height, x : x + width] = tile
            alpha[y : y + height, x : x + width] = 255
    picture = Image.fromarray(colour)
    if not alpha.all():
        picture.putalpha(Image.fromarray(alpha))
    return Picture(data_uri(picture), shape[1], shape[0], columns, alt)


def pixels(images: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Images (n, C, H, W), uint8 or in [0, 1], as uint8 (n, H, W) or, in colour, (n, H, W, 3).

    Images of 1 channel are grey and of 3 are colour; of any other number the channels are averaged.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        images = np.rint(images.clip(0, 1) * 255).astype(np.uint8)
    if images.shape[1] == 3:
        return np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    return np.rint(images.mean(1)).astype(np.uint8)


def data_uri(picture: Image.Image) -> str:
    """A picture as the address of an <img>."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _shrunk(tile: NDArray[np.uint8]) -> Image.Image:
    picture = Image.fromarray(tile)
    side = max(picture.size)
    if side <= SIDE:
        return picture
    return picture.resize(
        (round(picture.width * SIDE / side), round(picture.height * SIDE / side)), Image.Resampling.BOX
    )
