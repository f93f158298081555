"""Labels of the images in a user's folder: factors.csv, groups.csv and pairs.csv beside them.

factors.csv: `file`, then a column for each factor. A cell that is empty or a word for that (see
`unweave.data.tables.cells`) is a missing label. A column of numbers is ordered, and metrics get
these numbers; any other is categorical (its values sorted as text). A column called
`age:continuous` is the factor `age` of that kind, one of `unweave.kinds.KINDS`; ordered and
continuous ones contain numbers. groups.csv: `file`, `group`. pairs.csv: two columns of files. Files
are named by their path below the folder, in any spelling (`unweave.data.tables.file_names`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unweave.data.tables.cells import missing, number
from unweave.data.tables.file_names import FileNames
from unweave.data.tables.sheet import Sheet
from unweave.data.tables.table import read_table
from unweave.kinds import factors_of

MANY = 256  # different numbers in a column; with more it is a measurement, not an index


@dataclass(frozen=True)
class Labels:
    """Factors of N files: v (N, K), NaN where missing; names, and sizes (0 for a measurement).

    values: what the indices of each factor mean, words or numbers; empty for measurements.
    """

    v: NDArray[np.float64]
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    values: tuple[NDArray[np.generic], ...]
    kinds: tuple[str, ...] = ()

    @property
    def grid(self) -> bool:
        """Whether every combination of the factors is there exactly once."""
        if min(self.sizes, default=0) < 1 or math.prod(self.sizes) != len(self.v):
            return False
        if np.isnan(self.v).any():
            return False
        return len(np.unique(self.v, axis=0)) == len(self.v)


def factors(path: Path, files: list[str]) -> Labels:
    """The labels of the files, in their order; NaN for those that are not listed."""
    sheet, places = _table(path, FileNames(files))
    numbers = [sheet.numbers(k) for k in range(1, len(sheet.names))]
    names, kinds = _kinds(sheet, numbers)
    # of each column the labels of its rows and what they mean, then a row for each file
    coded = [_code(column, sheet.column(k)) for k, column in enumerate(numbers, start=1)]
    v = np.full((len(files), len(coded)), np.nan)
    for k, (values, _) in enumerate(coded):
        v[places, k] = values
    meanings = tuple(values for _, values in coded)
    return Labels(v, names, tuple(map(len, meanings)), meanings, kinds)


def _kinds(
    sheet: Sheet, numbers: list[NDArray[np.float64] | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and kinds of factors, from the names of columns; undeclared words are categorical.

    ValueError for words that are declared ordered or continuous: their order is not known.
    """
    try:
        named = factors_of(sheet.names[1:])
    except ValueError as error:
        raise ValueError(f"{sheet.path}: {error}") from error
    kinds = []
    for k, (_, kind) in enumerate(named, start=1):
        words = numbers[k - 1] is None
        if words and not kind:
            kind = "categorical"
        if words and kind in ("ordered", "continuous"):
            row = next(i for i, cell in enumerate(sheet.column(k)) if number(cell) is None)
            raise ValueError(
                f"{sheet.at(row, k)} holds {sheet.column(k)[row]!r}; "
                f"what is {kind} has to be numbers"
            )
        kinds.append(kind)
    return tuple(name for name, _ in named), tuple(kinds)


def groups(path: Path, files: list[str]) -> NDArray[np.int64]:
    """The group (N,) of each file, numbered as they first appear.

    A file that is not listed is a group of its own.
    """
    sheet, places = _table(path, FileNames(files), columns=2)
    keys = [("file", file) for file in files]
    for place, (_, group) in zip(places, sheet.rows, strict=True):
        if not missing(group):
            keys[place] = ("group", group)
    # {key: number}, counted in the order of first appearance
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys])


def pairs(path: Path, files: list[str]) -> NDArray[np.int64]:
    """The pairs (P, 2), as places of the two files in `files`."""
    known = FileNames(files)
    sheet, first = _table(path, known, columns=2, once=False)
    return np.array([first, _places(sheet, 1, known)], dtype=np.int64).T


def _table(
    path: Path, known: FileNames, columns: int | None = None, once: bool = True
) -> tuple[Sheet, list[int]]:
    """A table whose first column names images, and the place of each row's image in `known`.

    ValueError with the line that is wrong, and for a table without rows.
    """
    sheet = read_table(path, named=True)
    if not sheet.names:
        raise ValueError(f"{path} is not a table of comma-separated values: it is empty")
    if known.place(sheet.names[0]) >= 0:
        raise ValueError(
            f"{path} begins with {sheet.names[0]!r}, an image; "
            "its first line has to be names of columns"
        )
    if len(sheet.names) < 2 or (columns and len(sheet.names) != columns):
        more = "a column for each factor"
        if columns is not None:
            more = "one column more"
        raise ValueError(
            f"{path} begins with the columns {list(sheet.names)}; expected the file, and {more}"
        )
    if not sheet.rows:
        raise ValueError(
            f"{path} holds the names of its columns, {', '.join(sheet.names)}, "
            "and no row below them"
        )
    places = _places(sheet, 0, known)
    seen = set()
    for line, row, place in zip(sheet.lines, sheet.rows, places, strict=True):
        if once and place in seen:
            raise ValueError(f"{path}, line {line}: {row[0]!r} comes twice")
        seen.add(place)
    return sheet, places


def _places(sheet: Sheet, k: int, known: FileNames) -> list[int]:
    """The place in `known` of the image that column k names, for each row.

    ValueError with the line if there is none.
    """
    places = []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        try:
            places.append(known.place(row[k]))
        except ValueError as error:
            raise ValueError(f"{sheet.path}, line {line}: {error}") from error
        if places[-1] < 0:
            raise ValueError(f"{sheet.path}, line {line}: there is no image {row[k]!r}")
    return places


def _code(
    numbers: NDArray[np.float64] | None, cells: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.generic]]:
    """A column as indices from 0 (N,) with their meanings; if they are many, as numbers without.

    numbers: the column as numbers (N,), NaN where one is missing; None if it contains words.
    """
    if numbers is None:
        # words: indices into their alphabetical order
        words = sorted({cell for cell in cells if not missing(cell)})
        place = {word: float(i) for i, word in enumerate(words)}
        return np.array([place.get(cell, np.nan) for cell in cells]), np.array(words)
    given = ~np.isnan(numbers)
    values = np.unique(numbers[given])  # in rising order
    if len(values) > MANY:
        return numbers, values[:0]
    index = np.where(given, np.searchsorted(values, numbers), np.nan)
    if np.array_equal(values, np.rint(values)):
        return index, values.astype(np.int64)
    return index, values
