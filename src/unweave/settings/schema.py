"""A dataclass from what JSON or YAML gave, checked key by key: the one way in which unweave reads what stands in a file."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from unweave.settings.names import nearest
from unweave.settings.signature import keywords
from unweave.settings.typed import shown

Made = TypeVar("Made")


def read(made: type[Made], plain: Any, place: str) -> Made:
    """The dataclass `made`, and those within it, from names with values.

    place: where the values stand, for the message. ValueError, in one line, for a key that is unknown (with the nearest)
    or missing, and for a value of another type or out of the range of its `Setting`.
    """
    words = keywords(made)
    if not isinstance(plain, Mapping):
        raise ValueError(f"{place} is {shown(plain)}; expected names with values: {', '.join(words)}")
    if unknown := [key for key in plain if key not in words]:
        raise ValueError(
            f"{place} has {shown(unknown[0])}, which means nothing here; {nearest(str(unknown[0]), words)}"
        )
    values = {}
    for name, word in words.items():
        if name in plain:
            inner = _dataclass_in(word.type)
            nested = inner is not None and plain[name] is not None
            within = f"{place}: {name}"
            values[name] = read(inner, plain[name], within) if nested else word.check(plain[name], within)
        elif word.required:
            raise ValueError(f"{place} has no {name!r}")
    return made(**values)


def _dataclass_in(kind: Any) -> Any:
    """The dataclass that a type is, or that is a member of a union; None if there is none."""
    members = typing.get_args(kind) or (kind,)
    return next((member for member in members if dataclasses.is_dataclass(member)), None)
