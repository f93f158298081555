"""CSV tables as written by people, spreadsheets and pandas: names of columns, and cells.

For cells see `unweave.data.tables.cells`. The row indices that pandas writes are left out, see
`unweave.data.tables.row_index`. A table that is ambiguous is refused with the line or column: other
separators, missing or equal names, numbers and words in one column, numbers formatted for reading.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unweave.data.tables.cells import (
    COMMA,
    LARGEST,
    PADDED,
    WHOLE,
    dressed,
    merged,
    missing,
    number,
    padded,
    whole,
)
from unweave.data.tables.csv_rows import read_rows
from unweave.data.tables.header import is_header
from unweave.data.tables.row_index import row_indices
from unweave.kinds import suffixed

__all__ = ["Sheet", "exact", "missing", "number", "read_table"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sheet:
    """The cells of a file by rows, names of columns, () without any, and the line of each row.

    index: the number of each row in the last of the row indices that were left out, () if none.
    """

    path: Path
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    index: tuple[int, ...] = ()

    def column(self, k: int) -> list[str]:
        """The cells of one column."""
        return [row[k] for row in self.rows]

    def numbers(self, k: int) -> NDArray[np.float64] | None:
        """A column as numbers (N,), NaN where one is missing; None if it contains words.

        Whole numbers beyond 2^53, which floats cannot tell apart, are replaced by their rank. A
        column that is declared categorical contains words if one of its cells is a word, or if two
        texts would be one number. ValueError for infinity, numbers with units, separators or
        decimal commas, and words among numbers.
        """
        cells = self.column(k)
        known = [i for i, cell in enumerate(cells) if not missing(cell)]
        strange = [i for i in known if number(cells[i]) is None]
        texts = [cells[i] for i in known]
        categorical = bool(self.names) and suffixed(self.names[k])[1] == "categorical"
        if categorical and (strange or merged(texts)):
            return None
        if strange and (padded(texts) or self._words(k, cells, known, strange)):
            self._warn_padded(k, texts)
            return None
        twice = merged(texts)
        if twice:
            log.warning(
                "%s: %s and %s are one number%s",
                self._named(k),
                *map(repr, twice),
                self._way_out(k),
            )
        if all(map(WHOLE.fullmatch, texts)):
            return whole(cells, known)
        found = np.array([np.nan if missing(cell) else float(cell) for cell in cells])
        if np.isinf(found).any():
            raise ValueError(
                f"{self.at(int(np.argmax(np.isinf(found))), k)} holds infinity; "
                "if unknown, empty it"
            )
        return found

    def _words(
        self, k: int, cells: Sequence[str], known: Sequence[int], strange: Sequence[int]
    ) -> bool:
        """Whether a column with `strange` cells, no numbers, has words.

        ValueError for a mixture.
        """
        odd = [i for i in strange if dressed(cells[i])]
        numbers = len(known) - len(strange) + len(odd)
        most = numbers > len(known) / 2
        if odd and (most or any(COMMA.fullmatch(cells[i]) for i in odd)):
            raise ValueError(
                f"{self.at(odd[0], k)} holds {cells[odd[0]]!r}; "
                f"write numbers as 1500 or 1.5{self._way_out(k)}"
            )
        if len(strange) > len(known) / 2:
            return True
        cell = cells[strange[0]]
        where = self.at(strange[0], k)
        if PADDED.fullmatch(cell):
            raise ValueError(
                f"{where} holds {cell!r} among numbers; write it without zeros in "
                f"front{self._way_out(k)}"
            )
        raise ValueError(f"{where} holds {cell!r} among numbers; if unknown, empty it")

    def _warn_padded(self, k: int, texts: Sequence[str]) -> None:
        """Log that ids with zeros in front, which look like numbers, are read as names."""
        padded_text = next(filter(PADDED.fullmatch, texts), None)
        if padded_text is not None:
            log.warning(
                "%s holds %r, with a zero in front, and is taken as names",
                self._named(k),
                padded_text,
            )

    def _way_out(self, k: int) -> str:
        """The end of a message that explains how to declare a column categorical."""
        name = suffixed(self.names[k])[0] if self.names else ""
        return f"; if these are names, call the column '{name}:categorical'" if name else ""

    def _column(self, k: int) -> str:
        return f"column {self.names[k]!r}" if self.names else f"column {k}"

    def _named(self, k: int) -> str:
        return f"{self.path}, {self._column(k)}"

    def at(self, row: int, k: int) -> str:
        """The place of a cell in words, for an error message."""
        return f"{self.path}, line {self.lines[row]}: {self._column(k)}"


def exact(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Numbers (N,) or (N, K) that floats can tell apart: ranks for whole numbers beyond 2^53."""
    if array.dtype.kind not in "iu" or not array.size or not _is_large(array):
        return array
    columns = []
    for column in array.reshape(len(array), -1).T:
        ranks = np.unique(column, return_inverse=True)[1]
        columns.append(ranks if _is_large(column) else column)
    return np.stack(columns, axis=1).reshape(array.shape).astype(np.float64)


def _is_large(array: NDArray[np.generic]) -> bool:
    """Whether whole numbers reach beyond 2^53, where floats no longer tell neighbours apart."""
    return max(-int(array.min()), int(array.max())) > LARGEST


def read_table(path: Path, *, named: bool | None = None) -> Sheet:
    """The table in a file, without the indices of pandas.

    named: whether it has a header; None to detect it.

    An empty row counts as a row, except at the end of a table with `named`, whose first column
    identifies each row: spreadsheets leave such rows behind.
    """
    rows, lines = read_rows(path)
    while named and rows and not any(rows[-1]):
        rows.pop()
        lines.pop()
    if not rows:
        return Sheet(path, (), [], [])
    try:
        header = is_header(rows) if named is None else named
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    _refuse_ragged(path, rows, lines, header)
    if named is None and len(rows[0]) > 1 and not any(rows[-1]):
        log.warning(
            "%s: nothing is known in its last row, which counts as one; delete it if it is none",
            path,
        )
    if not header:
        return Sheet(path, (), rows, lines)
    return _named(_without_index(Sheet(path, tuple(rows[0]), rows[1:], lines[1:])))


def _refuse_ragged(path: Path, rows: list[list[str]], lines: list[int], header: bool) -> None:
    """ValueError for the first row with another number of cells than the first one."""
    width = len(rows[0])
    for row, line in zip(rows, lines, strict=True):
        if len(row) == width:
            continue
        if header:
            raise ValueError(f"{path}, line {line}: {len(row)} cells; the header has {width}")
        raise ValueError(f"{path}: row {line} has {len(row)} cells, the first has {width}")


def _without_index(sheet: Sheet) -> Sheet:
    """The table without the row indices of pandas. ValueError if nothing else is there."""
    columns = [sheet.column(k) for k in range(len(sheet.names))]
    try:
        out = row_indices(sheet.names, columns)
    except ValueError as error:
        raise ValueError(f"{sheet.path}: {error}") from error
    if not out:
        return sheet
    if len(out) == len(columns):
        raise ValueError(
            f"{sheet.path} holds nothing but a row index; give its columns names if they are values"
        )
    which = f"its columns {out} are row indices, and"
    if out == [0]:
        which = "its first column is a row index, and"
    log.info("%s: %s left out", sheet.path, which)
    kept = [k for k in range(len(columns)) if k not in out]
    names = tuple(sheet.names[k] for k in kept)
    rows = [[row[k] for k in kept] for row in sheet.rows]
    return Sheet(sheet.path, names, rows, sheet.lines, tuple(map(int, columns[out[-1]])))


def _named(sheet: Sheet) -> Sheet:
    """The table; ValueError if two columns have one name, or one beyond the first has none."""
    twice = [name for name, count in Counter(sheet.names).items() if count > 1]
    if twice:
        raise ValueError(
            f"{sheet.path} has two columns named {twice[0]!r}; give each a name of its own"
        )
    if "" in sheet.names[1:]:
        raise ValueError(f"{sheet.path}: column {sheet.names.index('', 1)} has no name")
    return sheet
