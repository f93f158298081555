"""Picture of a single image or vector on a contact sheet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

CELL = 72  # pixels, the least side of an image
PAPER = (255, 255, 255)


def tile(image: NDArray[np.generic], among: NDArray[np.generic]) -> Image.Image:
    """An image in colour, enlarged by a whole number to at least CELL a side; a vector as bars.

    among: the images or vectors of its row; bars are scaled to the largest entry of these.
    """
    if image.ndim == 1:
        return _bars(image, float(np.nanmax(np.abs(among))) or 1.0)
    pixels = image.transpose(1, 2, 0).astype(np.uint8)  # (H, W, C)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
    times = max(1, -(-CELL // max(picture.size)))  # rounded up
    large = picture.resize(
        (picture.width * times, picture.height * times), Image.Resampling.NEAREST
    )
    if max(large.size) > 2 * CELL:
        large.thumbnail((2 * CELL, 2 * CELL))
    return large


def _bars(vector: NDArray[np.generic], top: float) -> Image.Image:
    """A vector as bars up and down from the middle; `top` reaches the border."""
    picture = Image.new("RGB", (CELL, CELL), PAPER)
    pen = ImageDraw.Draw(picture)
    # a bar between each pair of edges, from the middle up or down
    edges = np.linspace(0, CELL, len(vector) + 1)
    for left, right, value in zip(edges[:-1], edges[1:], np.nan_to_num(vector), strict=True):
        end = CELL / 2 * (1 - float(value) / top)
        pen.rectangle(
            (left, min(end, CELL / 2), max(right - 1, left), max(end, CELL / 2)), fill=(60, 90, 160)
        )
    return picture
