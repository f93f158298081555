"""Text for a terminal: control characters and marks of direction are shown as escapes, not obeyed.

Names of files, classes and columns come from other people. An escape code in one can clear the
screen, recolour it or hide what stands before it; so can a mark that turns the direction of text.
"""

from __future__ import annotations

import re
from typing import TextIO

HIDDEN = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
IN_LINES = re.compile(f"[{HIDDEN}]")
IN_A_LINE = re.compile(rf"[{HIDDEN}\t\n]")


def visible(text: object) -> str:
    r"""The text in one line, with `\x1b` and the like in place of characters that a terminal obeys or hides.

    >>> print(visible("cats\x1b[2J\n"))
    cats\x1b[2J\n
    """
    return IN_A_LINE.sub(_escape, str(text))


class Visible:
    """A text stream that shows hidden characters of what is written to it; line breaks and tabs stay."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write the text with its hidden characters shown."""
        return self.stream.write(IN_LINES.sub(_escape, text))

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
