"""Detection of a header: whether the first line of a table is the names of its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from unweave.data.tables.cells import number, numeric
from unweave.data.tables.row_index import is_index

COUNTED = re.compile(r"[0-9]+(\.0)?")  # as pandas writes names that are numbers


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of several rows is the names of the columns.

    It is if one of its cells is a word; if it counts 0, 1, 2, ... as pandas names the columns of an
    array, or is above a row index; or if it counts evenly, three or more, above numbers with
    fractions. ValueError for numbers that may be names or values: read as values, they would add a
    row.
    """
    first = rows[0]
    below = rows[1:]
    if not below:
        return False
    if not all(map(numeric, first)):
        return True
    # without a name, pandas writes the column of the row index
    unnamed = first[0] == ""
    counted = first[int(unnamed) :]
    if len(first) > 1 and list(counted) == [str(k) for k in range(len(counted))]:
        return True
    if len(first) > 1 and unnamed and len(below) > 1 and is_index([row[0] for row in below]):
        return len(set(counted)) == len(counted) and "" not in counted
    return _counts(first, below)


def _counts(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row of numbers is the names of columns, by its steps and the numbers below it."""
    if len(first) < 2 or not all(map(COUNTED.fullmatch, first)):
        return False
    # evenly spaced, in rising order, above columns of numbers
    names = np.array(first, dtype=float)
    steps = np.diff(names)
    columns = _columns(below, len(first))
    if steps[0] <= 0 or not (steps == steps[0]).all() or columns is None:
        return False
    # numbers with fractions are measured, so whole ones above them are names
    fractions = all((column % 1 != 0).mean() > 0.5 for column in columns)
    if fractions and len(first) > 2:
        return True
    # outside the range of the numbers below they may be names
    named = zip(names, columns, strict=True)
    apart = all(not column.min() <= name <= column.max() for name, column in named)
    if apart or (names[0] in (0, 1) and steps[0] == 1):
        raise ValueError(
            f"its first line, {','.join(first)}, may be names of columns or the first row; "
            "give the columns names that are words"
        )
    return False


def _columns(below: Sequence[Sequence[str]], count: int) -> list[np.ndarray] | None:
    """The known numbers of each column; None if one has none, or holds words."""
    if any(len(row) != count for row in below):
        return None
    cells = [[number(row[k]) for row in below] for k in range(count)]
    if any(value is None for column in cells for value in column):
        return None
    known = [column[~np.isnan(column)] for column in np.array(cells, dtype=float)]
    if not all(len(column) for column in known):
        return None
    return known
