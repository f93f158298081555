"""Contact sheet of a data set: a picture with a row for each factor, class, group and pair.

Known factors: one row traverses each factor from a base image near the middle of the grid. Labels
without a grid: images in the order of each label. Classes, groups and pairs: some images of each.
Vectors are drawn as bars.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unweave.data.base import Dataset
from unweave.data.overview.sheet import Strip, draw
from unweave.data.subsets import every_row

COLUMNS = 12  # images in a row
ROWS = 10  # of one kind: classes, groups, pairs


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
        # some values of the factor, that of the base among them
        values = np.unique([*_spread(size), base[k]])[:size]
        # (n, K): the base image, with one value after the other of factor k
        v = np.tile(base, (len(values), 1))
        v[:, k] = values
        marked = frozenset(np.flatnonzero(values == base[k]).tolist())
        absent = frozenset(np.flatnonzero(data.find(v) < 0).tolist())
        captions = [said(space.values[k][value]) for value in values]
        yield Strip(name, number(size, "value"), data.images(v), captions, marked, absent)


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
        order = known[np.argsort(column[known], kind="stable")]  # rows by rising label
        rows = order[_spread(len(order))]
        remark = "sorted"
        if len(known) < len(column):
            remark = f"{len(column) - len(known):,} missing"
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
        name = f"{kind} {numbers[i]}"
        if names:
            name = names[numbers[i]]
        captions = [f"{row:,}" for row in shown]
        yield Strip(name, f"{kind} of {len(rows):,}", data.take(shown), captions)


def _pairs(data: Dataset) -> Iterator[Strip]:
    """The first pairs, side by side."""
    pairs = data.pairs
    if pairs is None:
        return
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


def number(count: int, thing: str) -> str:
    """A number of things in words.

    >>> number(1, "value"), number(1000, "value")
    ('1 value', '1,000 values')
    """
    if count != 1:
        thing += "s"
    return f"{count:,} {thing}"
