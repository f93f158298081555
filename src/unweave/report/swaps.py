"""Images whose code has one block from each of two others: rows give one block, columns the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unweave.report import pictures
from unweave.report.pictures import Picture
from unweave.report.views import Absent, Views, able

ROWS, COLUMNS = 6, 9


@dataclass(frozen=True)
class Swaps:
    """A grid whose first row and first column are images of the data. rest: where other blocks come from, or ""."""

    picture: Picture
    down: str
    across: str
    rest: str


def swaps(views: Views) -> Swaps:
    """The grid of a run's first two blocks. Absent if it has fewer, or cannot encode or decode."""
    views.pictures()
    names = list(views.inferred)
    if len(names) < 2:
        raise Absent("The code of this method is one block: there are no two to recombine.")
    images = views.images(ROWS + COLUMNS)
    codes = able(lambda: views.run.encode(images))
    rows = max(1, len(images) * ROWS // (ROWS + COLUMNS))
    givers, takers = codes[rows:], codes[:rows]
    made = np.repeat(takers, len(givers), 0)  # row by row
    columns = list(views.run.blocks[names[1]].places(codes.shape[1]))
    made[:, columns] = np.tile(givers[:, columns], (len(takers), 1))
    decoded = able(lambda: views.run.decode(made)).reshape(rows, len(givers), *views.run.info.shape)
    shown = pictures.pixels(images)
    tiles = np.zeros((rows + 1, len(givers) + 1, *shown.shape[1:]), np.uint8)
    tiles[0, 1:] = shown[rows:]
    tiles[1:, 0] = shown[:rows]
    tiles[1:, 1:] = pictures.pixels(decoded.reshape(-1, *views.run.info.shape)).reshape(tiles[1:, 1:].shape)
    alt = f"images with {names[0]} of the row and {names[1]} of the column"
    picture = pictures.tiled(tiles.reshape(-1, *shown.shape[1:]), len(givers) + 1, alt, blank=(0,), apart=True)
    return Swaps(picture, names[0], names[1], ", ".join(names[2:]))
