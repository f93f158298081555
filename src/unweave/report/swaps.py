"""Block swapping: images decoded with one block of the code of the row, another of the column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unweave.report import pictures
from unweave.report.absent import Absent, able
from unweave.report.pictures import Picture
from unweave.report.views import Views

ROWS = 6
COLUMNS = 9


@dataclass(frozen=True)
class Swaps:
    """A grid whose first row and first column are images of the data.

    down, across: the blocks given by the images on the left and above. rest: other blocks, given by
    the images on the left; "" if there are none.
    """

    picture: Picture
    down: str
    across: str
    rest: str


def swaps(views: Views) -> Swaps:
    """The grid of a run's first two blocks.

    Raises Absent if it has fewer or cannot encode or decode.
    """
    views.pictures()
    names = list(views.inferred)
    if len(names) < 2:
        raise Absent("The code of this method is one block: there are no two to recombine.")
    images = views.images(ROWS + COLUMNS)
    codes = able(lambda: views.run.encode(images))
    # Of R + C images the first R head the rows, the other C the columns; few make a smaller grid.
    rows = max(1, len(images) * ROWS // (ROWS + COLUMNS))
    left = codes[:rows]
    above = codes[rows:]
    # (R, D) -> (R * C, D), row by row, with the second block from above.
    mixed = np.repeat(left, len(above), 0)
    places = list(views.run.blocks[names[1]].places(codes.shape[1]))
    mixed[:, places] = np.tile(above[:, places], (len(left), 1))
    decoded = pictures.pixels(able(lambda: views.run.decode(mixed)))
    # (R + 1, C + 1, H, W[, 3]): a blank corner, the headings, the decoded images.
    shown = pictures.pixels(images)
    tiles = np.zeros((rows + 1, len(above) + 1, *shown.shape[1:]), np.uint8)
    tiles[0, 1:] = shown[rows:]
    tiles[1:, 0] = shown[:rows]
    tiles[1:, 1:] = decoded.reshape(tiles[1:, 1:].shape)
    alt = f"images with {names[0]} of the row and {names[1]} of the column"
    flat = tiles.reshape(-1, *shown.shape[1:])
    picture = pictures.tiled(flat, len(above) + 1, alt, blank=(0,), apart=True)
    return Swaps(picture, names[0], names[1], ", ".join(names[2:]))
