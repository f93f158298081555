"""Tables of comma-separated values as people, spreadsheets and pandas write them: names of columns, and cells.

A cell is missing if it is empty or one of the words that pandas takes for that, in any case (NaN, NA, N/A, null, ...),
or "None", "-" or "?". The row index that pandas writes, a first column without a name or called "Unnamed: 0", is left
out. What cannot be understood is refused with the line or column: other separators, no names or equal ones, numbers and
words in one column.
"""

from __future__ import annotations

import csv
import io
import logging
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)
WORDS = frozenset(
    ("nan", "-nan", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "null", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan")
)
MARKS = frozenset(("", "None", "-", "?"))
INDEX = re.compile(r"(Unnamed: 0)?")
WHOLE = re.compile(r"[+-]?\d+")
COMMA = re.compile(r"[+-]?\d+,\d+")  # 1,5 or 1,500
SEPARATORS = {";": "semicolons", "\t": "tabs"}
LARGEST = 1 << 53  # whole numbers up to here are floats exactly


@dataclass(frozen=True)
class Sheet:
    """The cells of a file, row by row, with the names of the columns, () if it has none, and the line of each row."""

    path: Path
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def column(self, k: int) -> list[str]:
        """The cells of one column."""
        return [row[k] for row in self.rows]

    def numbers(self, k: int) -> NDArray[np.float64] | None:
        """A column as numbers (N,), NaN where one is missing; None if it holds words.

        Whole numbers beyond 2^53, of which a float would make two into one, are replaced by their rank. ValueError for
        infinity, decimal commas, and words among numbers.
        """
        cells = self.column(k)
        known = [i for i, cell in enumerate(cells) if not missing(cell)]
        strange = [i for i in known if number(cells[i]) is None]
        if strange and any(COMMA.fullmatch(cells[i]) for i in strange):
            raise ValueError(f"{self.at(strange[0], k)} holds {cells[strange[0]]!r}; write numbers as 1500 or 1.5")
        if len(strange) > len(known) / 2:
            return None
        if strange:
            raise ValueError(
                f"{self.at(strange[0], k)} holds {cells[strange[0]]!r} among numbers; if unknown, empty it"
            )
        if all(WHOLE.fullmatch(cells[i]) for i in known):
            return _whole(cells, known)
        found = np.array([np.nan if missing(cell) else float(cell) for cell in cells])
        if np.isinf(found).any():
            raise ValueError(f"{self.at(int(np.argmax(np.isinf(found))), k)} holds infinity; if unknown, empty it")
        return found

    def at(self, row: int, k: int) -> str:
        """A cell in words, for an error."""
        named = f"column {self.names[k]!r}" if self.names else f"column {k}"
        return f"{self.path}, line {self.lines[row]}: {named}"


def missing(cell: str) -> bool:
    """Whether a cell says that nothing is known."""
    return cell in MARKS or cell.lower() in WORDS


def number(cell: str) -> float | None:
    """The number in a cell, NaN if it is missing, None if it is a word."""
    try:
        return np.nan if missing(cell) else float(cell)
    except ValueError:
        return None


def exact(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Numbers (N,) or (N, K) that stay apart as floats: columns of whole numbers beyond 2^53 become their ranks."""
    if array.dtype.kind not in "iu" or not array.size or max(-int(array.min()), int(array.max())) <= LARGEST:
        return array
    columns = array.reshape(len(array), -1).T
    ranks = [np.unique(column, return_inverse=True)[1] for column in columns]
    large = [max(-int(column.min()), int(column.max())) > LARGEST for column in columns]
    kept = [rank if wide else column for rank, wide, column in zip(ranks, large, columns, strict=True)]
    return np.stack(kept, axis=1).reshape(array.shape).astype(np.float64)


def read_table(path: Path, *, named: bool | None = None) -> Sheet:
    """The table in a file, without the index of pandas. named: whether its first line is names; None to find out."""
    rows, lines = _rows(path)
    if not rows:
        return Sheet(path, (), [], [])
    header = _is_header(rows) if named is None else named
    wrong = next((i for i, row in enumerate(rows) if len(row) != len(rows[0])), None)
    if wrong is not None:
        much = f"{len(rows[wrong])} cells"
        if header:
            raise ValueError(f"{path}, line {lines[wrong]}: {much}; the header has {len(rows[0])}")
        raise ValueError(f"{path}: row {lines[wrong]} has {much}, the first has {len(rows[0])}")
    if not header:
        return Sheet(path, (), rows, lines)
    return _named(_without_index(Sheet(path, tuple(rows[0]), rows[1:], lines[1:])))


def _rows(path: Path) -> tuple[list[list[str]], list[int]]:
    """The cells of each row that is not blank, and its line; blank cells after the last row are no rows."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = next((line for line in text.splitlines() if line.strip()), "")
        for mark, word in SEPARATORS.items():
            if mark in first and "," not in re.sub(r"\d,\d", "", first):
                raise ValueError(f"its cells are separated by {word}; expected commas")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        found = [([cell.strip() for cell in row], reader.line_num) for row in reader if row]
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ValueError(f"{path} is not a table of comma-separated values in UTF-8: {error}") from error
    while found and len(found[-1][0]) > 1 and not any(found[-1][0]):
        found.pop()
    return [row for row, _ in found], [line for _, line in found]


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first of several rows is names: words; or 0, 1, 2, ..., as pandas names the columns of an array."""
    first = rows[0]
    if len(rows) < 2:
        return False
    counted = first[1:] if first[0] == "" else first
    return any(number(cell) is None for cell in first) or (len(first) > 1 and counted == _count(len(counted)))


def _count(n: int) -> list[str]:
    return [str(k) for k in range(n)]


def _without_index(sheet: Sheet) -> Sheet:
    """The table without a first column that is the index of pandas: no name, and whole numbers that are all different."""
    cells = sheet.column(0)
    if not INDEX.fullmatch(sheet.names[0]) or any(number(cell) is None for cell in cells):
        return sheet
    if len(set(cells)) < len(cells) or not all(map(WHOLE.fullmatch, cells)):
        raise ValueError(f"{sheet.path}: its first column has no name, and is no row index; name it or leave it out")
    log.info("%s: its first column is a row index, and left out", sheet.path)
    return Sheet(sheet.path, sheet.names[1:], [row[1:] for row in sheet.rows], sheet.lines)


def _named(sheet: Sheet) -> Sheet:
    """The table itself; ValueError if two columns have one name, or one beyond the first has none."""
    twice = [name for name, count in Counter(sheet.names).items() if count > 1]
    if twice:
        raise ValueError(f"{sheet.path} has two columns named {twice[0]!r}; give each a name of its own")
    if "" in sheet.names[1:]:
        raise ValueError(f"{sheet.path}: column {sheet.names.index('', 1)} has no name")
    return sheet


def _whole(cells: list[str], known: list[int]) -> NDArray[np.float64]:
    """Whole numbers, of any length, as floats."""
    found = np.full(len(cells), np.nan)
    given = [int(cells[i]) for i in known]
    if max(map(abs, given), default=0) > LARGEST:
        rank = {value: place for place, value in enumerate(sorted(set(given)))}
        given = [rank[value] for value in given]
    found[known] = given
    return found
