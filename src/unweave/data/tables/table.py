"""CSV tables as written by people, spreadsheets and pandas: names of columns, and cells.

For cells see `unweave.data.tables.cells`. The row indices that pandas writes are left out, see
`unweave.data.tables.row_index`. A table that is ambiguous is refused with the line or column: other
separators, missing or equal names, numbers and words in one column, numbers formatted for reading.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

from unweave.data.tables.csv_rows import read_rows
from unweave.data.tables.header import is_header
from unweave.data.tables.row_index import row_indices
from unweave.data.tables.sheet import Sheet

log = logging.getLogger(__name__)


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
    header = named
    if header is None:
        try:
            header = is_header(rows)
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
