"""Contact sheet of a data set: a picture with a row for each factor, class, group and pair.

Known factors: one row traverses each factor from a base image near the middle of the grid. Labels
without a grid: images in the order of each label. Classes, groups and pairs: some images of each.
Vectors are drawn as bars.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from unweave.data.base import Dataset
from unweave.data.overview.tile import PAPER, tile
from unweave.data.subsets import every_row

Pixels = NDArray[np.uint8]
COLUMNS = 12  # images in a row
ROWS = 10  # of one kind: classes, groups, pairs
MARGIN = 6  # pixels between images
CAPTION = 168  # pixels for the names of rows
HEAD = 30  # pixels for the title
INK = (20, 20, 20)
GREY = (110, 110, 110)
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


def contact_sheet(data: Dataset, path: str | Path) -> Path:
    """Write the sheet of a data set to `path`, in the format of its suffix; the path.

    ValueError for a suffix that is no picture format.
    """
    path = Path(path)
    formats = Image.registered_extensions()
    if formats.get(path.suffix.lower()) not in Image.SAVE:
        raise ValueError(f"a contact sheet is a picture, e.g. sheet.png; given {str(path)!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    legend = ""
    if data.grid is not None:
        legend = "; framed: the base of every row"
        if data.base is not None:
            legend += ", struck out: not in these data"
    about = data.about.removeprefix(f"{data.name}: ")
    draw(list(strips(data)), f"{data.name}: {about}{legend}").save(path)
    return path


def strips(data: Dataset) -> Iterator[Strip]:
    """The rows of the sheet of a data set; the first has images at random, the same each time."""
    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(len(data), min(COLUMNS, len(data)), replace=False))
    yield Strip("at random", f"of {len(data):,}", data.take(rows), [f"{row:,}" for row in rows])
    if data.grid is not None:
        yield from _sweeps(data)
    else:
        yield from _by_label(data)
        yield from _pairs(data)
    if data.y is not None:
        yield from _members("class", data.y, data, list(data.class_names))
    if data.groups is not None:
        yield from _members("group", data.groups, data, [])


def _sweeps(data: Dataset) -> Iterator[Strip]:
    """One row for each factor: its values, all others as in the base image."""
    space = data.factors
    base = _base(space.sizes)
    if data.find(base[None])[0] < 0:  # a view may lack it
        base = data.factors_at([len(data) // 2])[0]
    for k, (name, size) in enumerate(zip(space.names, space.sizes, strict=True)):
        values = np.unique([*_spread(size), base[k]])[:size]
        # (n, K): the base image, with one value after the other of factor k
        v = np.tile(base, (len(values), 1))
        v[:, k] = values
        absent = np.flatnonzero(data.find(v) < 0).tolist()
        yield Strip(
            name,
            "1 value" if size == 1 else f"{size:,} values",
            data.images(v),
            [said(space.values[k][value]) for value in values],
            frozenset(np.flatnonzero(values == base[k]).tolist()),
            frozenset(absent),
        )


def _base(sizes: tuple[int, ...]) -> NDArray[np.int64]:
    """Base image of the traversals: a factor tuple (K,) in the middle half of each factor.

    Multiples of the golden ratio put each factor at another place: with a floor and a wall of one
    hue, the traversals of the others would be hard to see.
    """
    golden = 0.618034
    shares = [0.25 + 0.5 * ((0.5 + k * golden) % 1) for k in range(len(sizes))]
    return np.array([int(size * share) for size, share in zip(sizes, shares, strict=True)])


def _by_label(data: Dataset) -> Iterator[Strip]:
    """One row for each label: images from its lowest value to its highest."""
    labels = data.observed_values(every_row(data))
    for name, column in zip(data.factor_names, labels.T, strict=True):
        known = np.flatnonzero(~np.isnan(column))
        if not len(known):
            continue
        order = known[np.argsort(column[known], kind="stable")]
        rows = order[_spread(len(order))]
        missing = len(column) - len(known)
        remark = f"{missing:,} missing" if missing else "sorted"
        yield Strip(name, remark, data.take(rows), [said(value) for value in column[rows]])


def _members(kind: str, of: NDArray[np.int64], data: Dataset, names: list[str]) -> Iterator[Strip]:
    """One row for each class or group: its members, in their order."""
    # rows sorted by class: members of class i are order[starts[i] : ends[i]]
    order = np.argsort(of, kind="stable")
    numbers, starts = np.unique(of[order], return_index=True)
    ends = [*starts[1:], len(order)]
    for i in _spread(len(numbers), ROWS):
        rows = order[starts[i] : ends[i]]
        shown = rows[_spread(len(rows))]
        name = names[numbers[i]] if names else f"{kind} {numbers[i]}"
        yield Strip(
            name, f"{kind} of {len(rows):,}", data.take(shown), [f"{row:,}" for row in shown]
        )


def _pairs(data: Dataset) -> Iterator[Strip]:
    """The first pairs, side by side."""
    pairs = np.empty((0, 2), np.int64) if data.pairs is None else data.pairs
    for first in range(0, min(len(pairs), COLUMNS), COLUMNS // 2):
        rows = pairs[first : first + COLUMNS // 2].reshape(-1)
        captions = [f"{first + i // 2 + 1}{'ab'[i % 2]}: {row:,}" for i, row in enumerate(rows)]
        yield Strip("pairs", f"two by two, of {len(pairs):,}", data.take(rows), captions)


def _spread(n: int, most: int = COLUMNS) -> NDArray[np.int64]:
    """At most `most` of the numbers below n, evenly spaced, with both ends."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))


def said(value: object) -> str:
    """A factor's value as short text.

    >>> said(np.float64(3.14159265)), said(np.int64(1000)), said("heart")
    ('3.14', '1000', 'heart')
    """
    if isinstance(value, float | np.floating):
        return f"{float(value):.3g}"
    return str(value)


def draw(rows: list[Strip], title: str) -> Image.Image:
    """The sheet of these rows, below a title."""
    small = ImageFont.load_default(11)
    large = ImageFont.load_default(14)
    tiles = [[tile(image, row.images) for image in row.images] for row in rows]
    side = max(picture.width for row in tiles for picture in row)
    tall = max(picture.height for row in tiles for picture in row)
    step_x = side + MARGIN
    step_y = tall + 18 + MARGIN  # 18 for the captions
    width = CAPTION + max(len(row) for row in tiles) * step_x + MARGIN
    sheet = Image.new("RGB", (width, HEAD + len(rows) * step_y + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, 7), _fitting(title, large, width - 2 * MARGIN), INK, large)
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
    pen.rectangle(frame, outline=MARK if j in row.marked else (215, 215, 215), width=1)
    if j in row.marked:
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
