"""JSON with a checksum, so that an altered digit in a text file of a run is noticed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

CHECKSUM = "crc32"


class Altered(ValueError):
    """A text is not what was written; the message says what of it."""


def sealed(plain: Mapping[str, Any], name: str = "", *, indent: int | None = None) -> str:
    """Names with values as JSON text, marked with their checksum."""
    return json.dumps(marked(plain, name), indent=indent)


def unsealed(text: str | bytes, name: str = "") -> dict[str, Any]:
    """The names with values that `sealed` wrote.

    Altered if the text is no such JSON, or its checksum is another.
    """
    return unmarked(parsed(text), name)


def marked(plain: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """The same with a checksum as the last value: of the rest, and of the name of the whole."""
    rest = {key: value for key, value in plain.items() if key != CHECKSUM}
    return {**rest, CHECKSUM: _checksum([name, json.loads(json.dumps(rest))])}


def unmarked(plain: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """What `marked` was given. Altered if the checksum is missing, or another."""
    rest = {key: value for key, value in plain.items() if key != CHECKSUM}
    if CHECKSUM not in plain:
        raise Altered("it has no checksum")
    if plain[CHECKSUM] != _checksum([name, rest]):
        raise Altered("its checksum differs")
    return rest


def parsed(text: str | bytes) -> dict[str, Any]:
    """Names with values from JSON text without a checksum.

    Altered if it is no JSON, or of another kind.
    """
    try:
        plain = json.loads(text)
    except RecursionError:
        raise Altered("it is nested too deeply") from None
    except ValueError as error:  # of JSON, or of its encoding
        raise Altered(str(error)) from error
    if not isinstance(plain, dict):
        raise Altered(f"it holds {type(plain).__name__}, not names with values")
    return plain


def _checksum(plain: Any) -> str:
    """CRC-32 of a value as JSON in one order of its names, eight digits."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return f"{zlib.crc32(text.encode()):08x}"
