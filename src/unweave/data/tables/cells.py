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

from unweave import text

NANS = ("nan", "-nan", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan")
WORDS = frozenset((*NANS, "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "null"))
MARKS = frozenset(("", "None", "-", "?"))
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
PADDED = re.compile(r"[+-]?0[0-9]+")  # 01, 007
COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")  # 1,5 or 1,500
ANGLO = r"(,[0-9]{3})+(\.[0-9]+)?"
EUROPEAN = r"(\.[0-9]{3})+,[0-9]+|(\.[0-9]{3}){2,}"
GROUPS = rf"[0-9]{{1,3}}(([ '’\u00a0\u2009\u202f][0-9]{{3}})+([.,][0-9]+)?|{ANGLO}|{EUROPEAN})"
PLAIN = r"([0-9]+([.,][0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
LENGTH = "[mckdnuµμ]?m|in|ft|yd|mi|px|pt"
OTHERS = "[mk]?g|lb|oz|[kMG]?Hz|[mk]V|[mk]A|[kM]W|[hk]?Pa|bar|[mc]l|dB"
SHORT = f"{LENGTH}|[mnuµμ]?s|sec|min|h|hrs?|{OTHERS}"
KNOWN = rf"\s?({SHORT}|deg|rad|fps|[kMG]B)[²³23]?(/({SHORT})[²³23]?)?"
UNIT = rf"(\s?[%‰°€$£¥][CFK]?|{KNOWN}|\s[^\W\d_]{{1,12}}[²³]?)"
DRESSED = re.compile(
    rf"[€$£¥]?\s?[+-]?({GROUPS}|{PLAIN}){UNIT}?|[+-]?0[0-9]+\.[0-9]*|[€$£¥]\s?{PLAIN}"
)


def missing(cell: str) -> bool:
    """Whether a cell is a missing value."""
    return cell in MARKS or cell.lower() in WORDS


def number(cell: str) -> float | None:
    """The number in a cell, NaN if it is missing, None if it is a name."""
    if missing(cell):
        return np.nan
    return text.number(cell)


def dressed(cell: str) -> bool:
    """Whether a cell is a number to a person and not to `number`.

    Such are 5 cm, 30%, 5 230, 1,234,567, 1.234,5 and 007.5.

    >>> [dressed(cell) for cell in ("5 cm", "30%", "1.234,5", "1,5", "5", "2nd", "1_11", "4wd")]
    [True, True, True, True, False, False, False, False]
    """
    if number(cell) is not None or PADDED.fullmatch(cell):
        return False
    return DRESSED.fullmatch(cell) is not None


def numeric(cell: str) -> bool:
    """Whether a cell is rather a value of a column of numbers or ids than that column's name."""
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
    # whole numbers as such: floats do not tell large ones apart
    seen: dict[float | int, str] = {}
    for cell in dict.fromkeys(cells):
        value = int(cell) if WHOLE.fullmatch(cell) else float(cell)
        other = seen.setdefault(value, cell)
        if other != cell:
            return other, cell
    return None
