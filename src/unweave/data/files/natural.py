"""Order of names as people sort them: numbers by their value."""

from __future__ import annotations

import re

NUMBERS = re.compile("[0-9]+")  # other digits, such as a superscript, are letters of a name
LAST = "\U0010ffff"
END = "\0"  # in no name of a file, and before all that is


def natural(name: str) -> str:
    """The key that sorts names as people do: numbers by their value.

    A name that begins with a number comes after those that begin with a letter. The key is text,
    since 200,000 lists take seconds to make and to compare: a number is written as how many digits
    it has, and then these.

    >>> sorted(["frame10", "7", "frame2"], key=natural)
    ['frame2', 'frame10', '7']
    """
    key = NUMBERS.sub(_number, name)
    if key.startswith(END):
        return LAST + key
    return key


def _number(found: re.Match[str]) -> str:
    digits = found[0].lstrip("0")  # more digits are a greater number
    return f"{END}{chr(len(digits))}{digits}"
