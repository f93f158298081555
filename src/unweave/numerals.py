"""Numbers in text, for tables and arrays of text: a stricter rule than Python's float().

ASCII digits, a sign, a decimal point, an exponent. "1_11", "٣" and "01" are names: read as numbers,
the rooms 1_11 and 11_1 would be one, and so would the codes 01 and 1.
"""

from __future__ import annotations

import re

NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
WORDS = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def number(text: str) -> float | None:
    """The number that a text spells, NaN and infinity included; None if it is a name.

    >>> number("-1.50e3"), number("0.5"), number("01"), number("1_11")
    (-1500.0, 0.5, None, None)
    """
    if NUMBER.fullmatch(text) or WORDS.fullmatch(text):
        return float(text)
    return None
