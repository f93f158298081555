"""Rows of a CSV file as text: separators, quotes, blank lines, and the line that each row is on."""

from __future__ import annotations

import csv
import io
import logging
import re
from itertools import islice
from pathlib import Path

from unweave.text import number

log = logging.getLogger(__name__)
SEPARATORS = {";": "semicolons", "\t": "tabs"}
# separators if numbers are between them: words may have them
OF_NUMBERS = {"|": "bars", None: "blanks"}
# characters of a cell: the longest path of a file; Python converts numbers of up to 4300 digits
LONGEST = 4096


def read_rows(path: Path) -> tuple[list[list[str]], list[int]]:
    """The cells of each row, and its line.

    A blank line is no row; in a single column it is an empty cell.

    ValueError, naming file and line, for what is no CSV in UTF-8, and for a cell of more than
    `LONGEST` characters: a file of something else, or a quote that is never closed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        _refuse_separators(text)
        found = _parsed(text)
    except ValueError as error:
        raise ValueError(
            f"{path} is not a table of comma-separated values in UTF-8: {error}"
        ) from error
    # In a single column a blank line between others is a missing value; at the end it is none.
    filled = [i for i, (row, _) in enumerate(found) if row]
    if filled and max(len(row) for row, _ in found) == 1:
        if filled[-1] + 1 < len(found):
            log.warning(
                "%s ends in blank lines, which are no rows; write NA where a value is unknown", path
            )
        found = [(row or [""], line) for row, line in found[filled[0] : filled[-1] + 1]]
    found = [(row, line) for row, line in found if row]
    return [row for row, _ in found], [line for _, line in found]


def _refuse_separators(text: str) -> None:
    """ValueError for a table whose cells are separated by something else than commas."""
    lines = list(islice((line for line in text.splitlines() if line.strip()), 2))
    for mark, word in SEPARATORS.items():
        if lines and mark in lines[0] and "," not in re.sub(r"\d,\d", "", lines[0]):
            raise ValueError(f"its cells are separated by {word}; expected commas")
    for between, word in OF_NUMBERS.items():
        cells = [line.lstrip("# ").split(between) for line in lines]
        counts = {len(row) for row in cells}
        columns = len(counts) == 1 and min(counts) > 1 and "," not in "".join(lines)
        if columns and all(number(cell.strip()) is not None for cell in cells[-1]):
            raise ValueError(f"its cells are separated by {word}; expected commas")


def _parsed(text: str) -> list[tuple[list[str], int]]:
    """The cells of each row, without blanks around them, and its line.

    ValueError with the line that is wrong.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found = []
    try:
        for row in reader:
            longest = max(map(len, row), default=0)
            if longest > LONGEST:
                raise ValueError(
                    f"it has a cell of {longest:,} characters; expected at most {LONGEST:,}"
                )
            found.append(([cell.strip() for cell in row], reader.line_num))
    except (csv.Error, ValueError) as error:
        raise ValueError(f"line {max(1, reader.line_num)}: {error}") from error
    return found
