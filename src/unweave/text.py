"""Text of other people: escapes for control characters, and numbers told apart from names.

Names of files, classes and columns come from others. An escape code in one can clear the screen,
recolour it or hide what stands before it; so can a mark that turns the direction of text.

A number has ASCII digits, a sign, a decimal point and an exponent: a stricter rule than Python's
float(). "1_11", "٣" and "01" are names: read as numbers, the rooms 1_11 and 11_1 would be one, and
so would the codes 01 and 1.
"""

from __future__ import annotations

import re
from typing import Any

HIDDEN = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
IN_LINES = re.compile(f"[{HIDDEN}]")
IN_A_LINE = re.compile(rf"[{HIDDEN}\t\n]")
NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
WORDS = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def visible(text: object) -> str:
    r"""The text in one line, with escapes such as `\x1b` for what a terminal obeys or hides.

    >>> print(visible("cats\x1b[2J\n"))
    cats\x1b[2J\n
    """
    return IN_A_LINE.sub(_escape, str(text))


def in_lines(text: str) -> str:
    """The text as by `visible`, but with its line breaks and tabs."""
    return IN_LINES.sub(_escape, text)


def shown(stream: Any) -> Any:
    """The stream, with hidden characters written to it as escapes; line breaks and tabs stay.

    So are letters that it cannot encode.

    Streams are of any class that has a `write`: those of notebooks are not of `io`.
    """
    return _Shown(stream)


def obeyed(stream: Any) -> Any:
    """The stream below `shown`, for the program's own escape codes; any other stream as it is."""
    if isinstance(stream, _Shown):
        return stream.stream
    return stream


def encodable(text: str, stream: Any) -> str:
    """The text, with escapes for letters that the encoding of the stream does not have.

    A work of hours is not to end in an error for the name of a folder, on a terminal of few letters.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def with_article(name: str) -> str:
    """A name after "a" or "an", by its first letter.

    >>> with_article("Tensor"), with_article("int")
    ('a Tensor', 'an int')
    """
    if name[0].lower() in "aeiou":
        return f"an {name}"
    return f"a {name}"


def kind(value: Any) -> str:
    """The type of a value with its article.

    >>> kind([1]), kind(1), kind(None)
    ('a list', 'an int', 'None')
    """
    if value is None:
        return "None"
    return with_article(type(value).__name__)


class _Shown:
    """A text stream around another one; whatever it does not define is the other's."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        written: int = self.stream.write(encodable(in_lines(text), self.stream))
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def number(text: str) -> float | None:
    """The number that a text spells, NaN and infinity included; None if it is a name.

    >>> number("-1.50e3"), number("0.5"), number("01"), number("1_11")
    (-1500.0, 0.5, None, None)
    """
    if NUMBER.fullmatch(text) or WORDS.fullmatch(text):
        return float(text)
    return None
