"""Order of names as people sort them: numbers by their value."""

from __future__ import annotations

import re
from pathlib import Path

NUMBERS = re.compile("([0-9]+)")
DIGITS = "0123456789"  # others, such as a superscript, are letters of a name


def natural(path: Path | str) -> list[tuple[int, str]]:
    """The key that sorts names as people do: numbers by their value.

    >>> sorted(["frame10", "frame2"], key=natural)
    ['frame2', 'frame10']
    """
    parts = [part for part in NUMBERS.split(str(path)) if part]
    return [(int(part), "") if part[0] in DIGITS else (-1, part) for part in parts]
