"""What a user's folder says of its images: factors.csv, groups.csv and pairs.csv beside them.

factors.csv: `file`, then a column for each factor; an empty cell is a missing label. A column of numbers is ordered, any
other is categorical (its values sorted as text). groups.csv: `file`, `group`. pairs.csv: two columns of files.
Files are named by their path below the folder, with forward slashes.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MANY = 256  # different numbers in a column; with more it is a measurement, not an index


@dataclass(frozen=True)
class Labels:
    """Factors of N files: v (N, K), NaN where one is missing; names, and sizes (0: numbers kept as they are)."""

    v: NDArray[np.float32]
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    values: tuple[tuple[str, ...], ...]

    @property
    def grid(self) -> bool:
        """Whether every combination of the factors is there exactly once."""
        if min(self.sizes, default=0) < 1 or np.isnan(self.v).any() or math.prod(self.sizes) != len(self.v):
            return False
        return len(np.unique(self.v, axis=0)) == len(self.v)


def factors(path: Path, files: list[str]) -> Labels:
    """The labels of the files, in their order."""
    header, lines = _table(path, files)
    cells = {line[0]: line[1:] for line in lines}
    missing = [""] * (len(header) - 1)
    columns = list(zip(*(cells.get(file, missing) for file in files), strict=True))
    coded = [_code(column) for column in columns]
    v = np.stack([c for c, _ in coded], axis=1).astype(np.float32)
    sizes = tuple(len(values) for _, values in coded)
    return Labels(v, tuple(header[1:]), sizes, tuple(values for _, values in coded))


def groups(path: Path, files: list[str]) -> NDArray[np.int64]:
    """The group (N,) of each file, numbered as they first appear; a file that is not listed is a group of its own."""
    _, lines = _table(path, files, columns=2)
    of = {line[0]: line[1] for line in lines}
    numbers: dict[tuple[str, str], int] = {}
    keys = [("group", of[file]) if of.get(file) else ("file", file) for file in files]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys])


def pairs(path: Path, files: list[str]) -> NDArray[np.int64]:
    """The pairs (P, 2), as places of the two files."""
    _, lines = _table(path, files, columns=2, once=False)
    place = {file: i for i, file in enumerate(files)}
    for number, line in enumerate(lines, start=2):
        if line[1] not in place:
            raise ValueError(f"{path}, line {number}: there is no image {line[1]!r}")
    return np.array([[place[a], place[b]] for a, b in lines], dtype=np.int64).reshape(-1, 2)


def _table(
    path: Path, files: list[str], columns: int | None = None, once: bool = True
) -> tuple[list[str], list[list[str]]]:
    """Header and lines of a CSV file whose first column names images; ValueError with the line that is wrong."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header, *lines = [[cell.strip() for cell in line] for line in csv.reader(file, strict=True) if any(line)]
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ValueError(f"{path} is not a table of comma-separated values in UTF-8: {error}") from error
    if len(header) < 2 or (columns and len(header) != columns) or len(set(header)) < len(header):
        raise ValueError(f"{path} begins with the columns {header}; see the docs on folders for the ones expected")
    known, seen = set(files), set()
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            raise ValueError(f"{path}, line {number}: {len(line)} cells; the header has {len(header)}")
        if line[0] not in known:
            raise ValueError(f"{path}, line {number}: there is no image {line[0]!r}")
        if once and line[0] in seen:
            raise ValueError(f"{path}, line {number}: {line[0]!r} comes twice")
        seen.add(line[0])
    return header, lines


def _code(column: tuple[str, ...]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """A column as indices from 0 and their meanings; as numbers without meanings if they are many."""
    given = np.array([cell != "" for cell in column])
    try:
        numbers = np.array([float(cell) if cell else np.nan for cell in column])
        if np.isinf(numbers).any() or np.isnan(numbers[given]).any():
            raise ValueError
    except ValueError:
        words = sorted({cell for cell in column if cell})
        return np.array([float(words.index(cell)) if cell else np.nan for cell in column]), tuple(words)
    values = np.unique(numbers[given])
    if len(values) > MANY:
        return numbers, ()
    index = np.where(given, np.searchsorted(values, numbers), np.nan)
    return index, tuple(f"{value:g}" for value in values)
