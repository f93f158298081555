"""Drawing of a contact sheet from its rows, each with a name, images and captions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from unweave.data.overview.tile import PAPER, tile

MARGIN = 6  # pixels between images
CAPTION = 168  # pixels for the names of rows
HEAD = 30  # pixels for the title
INK = (20, 20, 20)
GREY = (110, 110, 110)
LINE = (215, 215, 215)
MARK = (200, 60, 30)


@dataclass(frozen=True)
class Strip:
    """One row of a sheet: its name, a remark below it, images (n, C, H, W) and a caption for each.

    marked: places of framed images, the base of a traversal. absent: places of images that the data
    set does not contain.
    """

    name: str
    remark: str
    images: NDArray[np.generic]
    captions: list[str]
    marked: frozenset[int] = frozenset()
    absent: frozenset[int] = frozenset()


def draw(rows: list[Strip], title: str) -> Image.Image:
    """The sheet of these rows, below a title."""
    small = ImageFont.load_default(11)
    large = ImageFont.load_default(14)
    # all cells have the size of the largest picture
    tiles = [[tile(image, row.images) for image in row.images] for row in rows]
    side = max(picture.width for row in tiles for picture in row)
    tall = max(picture.height for row in tiles for picture in row)
    step_x = side + MARGIN
    step_y = tall + 18 + MARGIN  # 18 for the captions
    width = CAPTION + max(len(row) for row in tiles) * step_x + MARGIN
    sheet = Image.new("RGB", (width, HEAD + len(rows) * step_y + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, 7), _fitting(title, large, width - 2 * MARGIN), INK, large)
    # a row: its name and remark at the left, then each picture with its frame and caption
    room = CAPTION - 2 * MARGIN
    for i, (row, pictures) in enumerate(zip(rows, tiles, strict=True)):
        top = HEAD + i * step_y
        pen.text((MARGIN, top + tall // 2 - 16), _fitting(row.name, large, room), INK, large)
        pen.text((MARGIN, top + tall // 2 + 3), _fitting(row.remark, small, room), GREY, small)
        for j, picture in enumerate(pictures):
            left = CAPTION + j * step_x
            sheet.paste(picture, (left, top))
            _frame(pen, (left - 1, top - 1, left + picture.width, top + picture.height), row, j)
            caption = _fitting(row.captions[j], small, side)
            pen.text((left + picture.width // 2, top + tall + 3), caption, GREY, small, anchor="ma")
    return sheet


def _frame(pen: ImageDraw.ImageDraw, frame: tuple[int, int, int, int], row: Strip, j: int) -> None:
    """The border of image j of a row: thick if it is marked, and struck out if it is absent."""
    left, top, right, bottom = frame
    pen.rectangle(frame, outline=LINE, width=1)
    if j in row.marked:
        pen.rectangle(frame, outline=MARK, width=1)
        pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=MARK)
    if j in row.absent:
        pen.line(frame, fill=MARK, width=2)


def _fitting(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    """The text, cut to a width in pixels, with an ellipsis where something is missing."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
