"""Cells of a table: numbers, missing values, names, and dressed numbers, which look like names.

A cell is missing if it is empty or one of the words that pandas takes for that, in any case (NaN,
NA, N/A, null, ...), or "None", "-" or "?". Dressed numbers have a unit ("5 cm", "30%"), separators
of groups ("5 230", "1,234,567") or a decimal comma: as names they would be sorted as text, "10 cm"
before "5 cm".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from unweave import text

WORDS = frozenset(
    (
        "nan",
        "-nan",
        "na",
        "n/a",
        "#n/a",
        "#n/a n/a",
        "#na",
        "<na>",
        "null",
        "1.#ind",
        "-1.#ind",
        "1.#qnan",
        "-1.#qnan",
    )
)
MARKS = frozenset(("", "None", "-", "?"))
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
PADDED = re.compile(r"[+-]?0[0-9]+")  # 01, 007
COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")  # 1,5 or 1,500
ANGLO = r"(,[0-9]{3})+(\.[0-9]+)?"
EUROPEAN = r"(\.[0-9]{3})+,[0-9]+|(\.[0-9]{3}){2,}"
GROUPS = rf"[0-9]{{1,3}}(([ '’\u00a0\u2009\u202f][0-9]{{3}})+([.,][0-9]+)?|{ANGLO}|{EUROPEAN})"
PLAIN = r"([0-9]+([.,][0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
SHORT = "[mckdnuµμ]?m|in|ft|yd|mi|[mk]?g|lb|oz|[mnuµμ]?s|sec|min|h|hrs?|[kMG]?Hz|[mk]V|[mk]A|[kM]W|[hk]?Pa|bar|[mc]l|px|pt|dB"
UNIT = rf"(\s?[%‰°€$£¥][CFK]?|\s?({SHORT}|deg|rad|fps|[kMG]B)[²³23]?(/({SHORT})[²³23]?)?|\s[^\W\d_]{{1,12}}[²³]?)"
DRESSED = re.compile(
    rf"[€$£¥]?\s?[+-]?({GROUPS}|{PLAIN}){UNIT}?|[+-]?0[0-9]+\.[0-9]*|[€$£¥]\s?{PLAIN}"
)
LARGEST = 1 << 53  # whole numbers up to here are floats exactly


def missing(cell: str) -> bool:
    """Whether a cell is a missing value."""
    return cell in MARKS or cell.lower() in WORDS


def number(cell: str) -> float | None:
    """The number in a cell, NaN if it is missing, None if it is a name."""
    return np.nan if missing(cell) else text.number(cell)


def dressed(cell: str) -> bool:
    """Whether a cell is a number to a person and not to `number`: 5 cm, 30%, 5 230, 1,234,567,
    1.234,5, 007.5.

    >>> [dressed(cell) for cell in ("5 cm", "30%", "1.234,5", "1,5", "5", "2nd", "1_11", "4wd")]
    [True, True, True, True, False, False, False, False]
    """
    return (
        number(cell) is None and not PADDED.fullmatch(cell) and DRESSED.fullmatch(cell) is not None
    )


def numeric(cell: str) -> bool:
    """Whether a cell is more likely a value of a column of numbers, or of ids, than the name of
    that column.
    """
    if number(cell) is not None or PADDED.fullmatch(cell) or dressed(cell):
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def padded(cells: Sequence[str]) -> bool:
    """Whether these are ids filled up with zeros to one length, as 001 to 300."""
    digits = all(cell.isascii() and cell.isdigit() for cell in cells)
    return digits and len({len(cell) for cell in cells}) == 1 and any(map(PADDED.fullmatch, cells))


def merged(cells: Iterable[str]) -> tuple[str, str] | None:
    """Two different texts that are one number, as 1.1 and 1.10; None if there are none."""
    seen: dict[float | int, str] = {}
    for cell in dict.fromkeys(cells):
        value = int(cell) if WHOLE.fullmatch(cell) else float(cell)
        other = seen.setdefault(value, cell)
        if other != cell:
            return other, cell
    return None


def whole(cells: Sequence[str], known: Sequence[int]) -> NDArray[np.float64]:
    """Whole numbers of any length as floats (N,), NaN except at the places `known`.

    Numbers beyond 2^53, which floats cannot tell apart, are replaced by their ranks.
    """
    found = np.full(len(cells), np.nan)
    given = [int(cells[i]) for i in known]
    if max(map(abs, given), default=0) > LARGEST:
        rank = {value: place for place, value in enumerate(sorted(set(given)))}
        given = [rank[value] for value in given]
    found[list(known)] = given
    return found
