"""Grids of images as PNG data URIs, which are stored in the page itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GAP = 2  # transparent pixels between the images of a grid
SIDE = 96  # pixels; larger images are shrunk to this side, so that a page stays small


@dataclass(frozen=True)
class Picture:
    """A grid of images as one PNG.

    uri: a data URI. width, height: in pixels. columns: images in a row. alt: description in words.
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
    """A grid of images (n, C, H, W), uint8 or in [0, 1], row by row, with transparent gaps."""
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
    """A grid of pixels (n, H, W) or (n, H, W, 3), uint8. blank: places that stay empty.

    apart: the first row and the first column are headings, a third of an image away from the rest.
    """
    shrunk = [np.asarray(_shrunk(tile)) for tile in tiles]  # (h, w) or (h, w, 3) each
    height, width = shrunk[0].shape[:2]
    # Pixels at which each row and each column of images begins.
    extra = 0
    if apart:
        extra = height // 3
    tops = _starts(-(-len(shrunk) // columns), height + gap, extra)
    lefts = _starts(columns, width + gap, extra)
    shape = (tops[-1] + height, lefts[-1] + width)
    # Paste the images; alpha stays 0 in gaps and blank places.
    colour = np.zeros(shape + shrunk[0].shape[2:], np.uint8)
    alpha = np.zeros(shape, np.uint8)
    for i, tile in enumerate(shrunk):
        if i in blank:
            continue
        y = tops[i // columns]
        x = lefts[i % columns]
        colour[y : y + height, x : x + width] = tile
        alpha[y : y + height, x : x + width] = 255
    picture = Image.fromarray(colour)
    if not alpha.all():
        picture.putalpha(Image.fromarray(alpha))
    return Picture(data_uri(picture), shape[1], shape[0], columns, alt)


def _starts(count: int, step: int, extra: int) -> list[int]:
    """The pixel at which each row or column begins; all but the first are `extra` later."""
    return [0] + [i * step + extra for i in range(1, count)]


def pixels(images: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Images (n, C, H, W), uint8 or in [0, 1], as uint8 (n, H, W) or, in colour, (n, H, W, 3).

    Images of 3 channels are in colour; for any other number of channels their mean is shown in
    grey.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        images = np.rint(images.clip(0, 1) * 255).astype(np.uint8)
    # (n, 3, H, W) -> (n, H, W, 3); otherwise (n, C, H, W) -> (n, H, W)
    if images.shape[1] == 3:
        return np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    return np.rint(images.mean(1)).astype(np.uint8)


def data_uri(picture: Image.Image) -> str:
    """A picture as a PNG data URI, for the `src` of an <img>."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _shrunk(tile: NDArray[np.uint8]) -> Image.Image:
    picture = Image.fromarray(tile)
    side = max(picture.size)
    if side <= SIDE:
        return picture
    width = round(picture.width * SIDE / side)
    height = round(picture.height * SIDE / side)
    return picture.resize((width, height), Image.Resampling.BOX)
