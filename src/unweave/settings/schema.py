"""Dataclasses from parsed JSON or YAML, validated key by key; unweave reads all its files this way."""

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

    place: where the values are from, for the message. Raises ValueError, in one line, for a key that is
    unknown (with the nearest one) or missing, and for a value of another type or out of the range of
    its `Setting`.
    """
    words = keywords(made)
    if not isinstance(plain, Mapping):
        raise ValueError(f"{place} is {shown(plain)}; expected names with values: {', '.join(words)}")
    for key in plain:
        if key not in words:
            raise ValueError(f"{place} has {shown(key)}, which means nothing here; {nearest(str(key), words)}")
    values = {}
    for name, word in words.items():
        if name in plain:
            values[name] = _value(word, plain[name], f"{place}: {name}")
        elif word.required:
            raise ValueError(f"{place} has no {name!r}")
    return made(**values)


def _value(word: Keyword, value: Any, place: str) -> Any:
    """A value of the type of its keyword; a dataclass is read from its own mapping."""
    inner = _dataclass_in(word.type)
    if inner is not None and value is not None:
        return read(inner, value, place)
    return word.check(value, place)


def _dataclass_in(kind: Any) -> Any:
    """The dataclass that a type is, or that is a member of a union; None if there is none."""
    for member in typing.get_args(kind) or (kind,):
        if dataclasses.is_dataclass(member):
            return member
    return None
