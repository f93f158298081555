"""Dataclasses from parsed JSON or YAML, validated key by key: how unweave reads its files."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from unweave.settings.names import nearest
from unweave.settings.signature import Keyword, keywords
from unweave.settings.typed import shown

Made = TypeVar("Made")


def read(made: type[Made], plain: Any, place: str) -> Made:
    """The dataclass `made`, with nested ones, from a mapping of names to values.

    place: where the values are from, for the message. Raises ValueError, in one line, for a key
    that is unknown (with the nearest one) or missing, for a value of another type or out of the
    range of its `Setting`, and for what the class itself refuses.
    """
    words = keywords(made)
    if not isinstance(plain, Mapping):
        raise ValueError(
            f"{place} is {shown(plain)}; expected names with values: {', '.join(words)}"
        )
    for key in plain:
        if key not in words:
            raise ValueError(
                f"{place} has {shown(key)}, which means nothing here; {nearest(str(key), words)}"
            )
    values = {}
    for name, word in words.items():
        if name in plain:
            values[name] = _value(word, plain[name], f"{place}: {name}")
        elif word.required:
            raise ValueError(f"{place} has no {name!r}")
    try:
        return made(**values)
    except ValueError as error:  # of the class itself
        raise ValueError(f"{place}: {error}") from error


def _value(word: Keyword, value: Any, place: str) -> Any:
    """A value of the type of its keyword."""
    return word.check(_built(word.type, value, place), place)


def _built(kind: Any, value: Any, place: str) -> Any:
    """The value with dataclasses in place of mappings: alone, by name, or in a list."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return read(kind, value, place)
    # the dataclass inside of tuple[Made, ...], dict[str, Made] or Made | None
    made: Any = next(filter(dataclasses.is_dataclass, typing.get_args(kind)), None)
    if made is None:
        return value
    origin = typing.get_origin(kind)
    if origin is tuple and isinstance(value, list):
        return [read(made, item, f"{place}: {i}") for i, item in enumerate(value, 1)]
    if origin is tuple or not isinstance(value, Mapping):
        return value
    if origin in (dict, Mapping):
        return {name: read(made, item, f"{place}: {name}") for name, item in value.items()}
    return read(made, value, place)
