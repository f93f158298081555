"""Conversion of values to the type of an annotation: from Python, JSON, YAML or text."""

from __future__ import annotations

import dataclasses
import reprlib
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from unweave.settings.names import nearest

TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
NOTHING = ("none", "null")

_shown = reprlib.Repr()  # shortens values from files, which may be megabytes long, in messages
_shown.maxstring = 120
_shown.maxother = 120


def typed(name: str, value: Any, kind: Any) -> Any:
    """`value` as `kind`; an int is accepted for a float, a list for a tuple.

    kind: a type, a Literal, a union, a list, a tuple or a mapping. Raises ValueError, which begins
    with `name`, for a value of any other type.
    """
    if kind is Any:
        return value
    origin = get_origin(kind)
    if origin is Annotated:
        return typed(name, value, kind.__origin__)
    if origin is Literal:
        if value not in get_args(kind):
            raise ValueError(
                f"{name} is {shown(value)}; {nearest(str(value), map(str, get_args(kind)))}"
            )
        return value
    if origin in (Union, types.UnionType):
        return _one_of(name, value, kind)
    if origin is tuple:
        return _tuple(name, value, kind)
    if origin in (list, Sequence):
        return _list(name, value, kind)
    if origin in (dict, Mapping):
        return _mapping(name, value, kind)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return _float(name, value)
    plain = origin or kind or types.NoneType
    bool_for_int = plain is int and isinstance(value, bool)  # a bool is an int to isinstance
    if not isinstance(value, plain) or bool_for_int:
        raise ValueError(f"{name} is {shown(value)}; expected {word(kind)}")
    return value


def from_text(name: str, text: str, kind: Any) -> Any:
    """Command-line text as `kind`: 1e-3, true, none, a word; a,b or [a, b] for a tuple.

    Raises ValueError as `typed` does.
    """
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if types.NoneType in get_args(kind) and text.lower() in NOTHING:
            return None
        return _text_of_one(name, text, kind)
    if origin is Literal:
        members = {str(member): member for member in get_args(kind)}
        return typed(name, members.get(text, text), kind)
    if origin is tuple:
        inner = text.strip().removeprefix("[").removesuffix("]")
        items = [item.strip().strip("'\"") for item in inner.split(",")]
        return tuple(from_text(name, item, get_args(kind)[0]) for item in items if item)
    if kind is bool:
        return typed(name, TRUTHS.get(text.lower(), text), kind)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"{name} is {shown(text)}; expected {word(kind)}") from None
    return typed(name, text, kind)


def word(kind: Any) -> str:
    """A type as words for a message or a help text.

    >>> word(int), word(float | None), word(tuple[str, ...]), word(Literal["a", "b"])
    ('int', 'float or none', 'list of str', 'a or b')
    """
    origin = get_origin(kind)
    members = get_args(kind)
    if origin is Literal:
        return " or ".join(map(str, members))
    if origin in (Union, types.UnionType):
        return " or ".join(word(member) for member in members)
    if origin in (tuple, list, Sequence):
        return f"list of {word(members[0])}"
    if origin in (dict, Mapping):
        return "names with values"
    if kind in (None, types.NoneType):
        return "none"
    if dataclasses.is_dataclass(kind):
        return "names with values"
    return getattr(kind, "__name__", str(kind))


def shown(value: Any) -> str:
    """The repr of a value for a message, shortened where it is long."""
    return _shown.repr(value)


def number(bound: int | float) -> str:
    """A bound for a message or a help text: a whole number in full, any other in six digits.

    >>> number(2**63 - 1), number(0.5)
    ('9,223,372,036,854,775,807', '0.5')
    """
    if isinstance(bound, int):
        return f"{bound:,}"
    return f"{bound:g}"


def _float(name: str, value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(
            f"{name} is {shown(value)}; expected float, which ends at 1.8e308"
        ) from None


def _tuple(name: str, value: Any, kind: Any) -> tuple[Any, ...]:
    """A list or tuple, each item in its own type; the first type for all items of tuple[T, ...]."""
    members = get_args(kind)
    if not isinstance(value, (tuple, list)):
        raise ValueError(f"{name} is {shown(value)}; expected {word(kind)}")
    if members[-1] is Ellipsis:
        members = members[:1] * len(value)
    if len(members) != len(value):
        raise ValueError(f"{name} is {shown(value)}; expected {len(members)} of {word(members[0])}")
    return tuple(typed(name, item, member) for item, member in zip(value, members, strict=True))


def _list(name: str, value: Any, kind: Any) -> list[Any]:
    """A list or tuple, each item in the one type of the list."""
    if not isinstance(value, (tuple, list)):
        raise ValueError(f"{name} is {shown(value)}; expected {word(kind)}")
    return [typed(name, item, get_args(kind)[0]) for item in value]


def _mapping(name: str, value: Any, kind: Any) -> dict[str, Any]:
    """A mapping from names to values of one type."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is {shown(value)}; expected {word(kind)}")
    for key in value:
        if not isinstance(key, str):
            raise ValueError(f"{name} has the key {shown(key)}; expected a name")
    inner = get_args(kind)[1]
    return {key: typed(f"{name}: {key}", item, inner) for key, item in value.items()}


def _one_of(name: str, value: Any, kind: Any) -> Any:
    """A value in the first member of a union that accepts it."""
    for member in get_args(kind):
        try:
            return typed(name, value, member)
        except ValueError:
            continue
    raise ValueError(f"{name} is {shown(value)}; expected {word(kind)}")


def _text_of_one(name: str, text: str, kind: Any) -> Any:
    """Text in the first member of a union that accepts it."""
    for member in get_args(kind):
        try:
            return from_text(name, text, member)
        except ValueError:
            continue
    raise ValueError(f"{name} is {shown(text)}; expected {word(kind)}")
