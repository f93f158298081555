"""A setting: one keyword of a constructor, with its type, default, unit, range and search law in its annotation.

    def __init__(self, *, beta: Annotated[float, Setting("nats of loss per nat of KL", low=0)] = 4.0): ...

The command line, Python's `train`, studies and the docs all read the same signature; there is no second list of options.
"""

from __future__ import annotations

import difflib
import inspect
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin


@dataclass(frozen=True)
class Setting:
    """What a setting's annotation adds to its type.

    about: meaning and unit, one line. low, high: the range, both included. above: a lower bound that is not included.
    search: what a study tries: a tuple of values, or ("log", low, high).
    """

    about: str
    low: int | float | None = None
    high: int | float | None = None
    above: int | float | None = None
    search: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Keyword:
    """One keyword of a signature: its name, bare type, default and `Setting` (None if it is not a setting)."""

    name: str
    type: Any
    default: Any
    setting: Setting | None

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty

    def check(self, value: Any, name: str | None = None) -> Any:
        """`value` in the keyword's type; ValueError if it has another type or is out of range."""
        name = name or self.name
        value = _typed(name, value, self.type)
        if self.setting is not None and isinstance(value, (int, float)) and not isinstance(value, bool):
            _in_range(name, value, self.setting)
        return value


def keywords(made: Callable[..., Any]) -> dict[str, Keyword]:
    """The keywords of a class's constructor or of a function, in order.

    >>> class Beta:
    ...     def __init__(self, *, beta: Annotated[float, Setting("nats per nat of KL", low=0)] = 4.0): ...
    >>> keywords(Beta)["beta"].default
    4.0
    """
    function = made.__init__ if inspect.isclass(made) else made
    if function is object.__init__:
        return {}
    hints = typing.get_type_hints(function, include_extras=True)
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        hint, setting = hints.get(name, Any), None
        if get_origin(hint) is Annotated:
            setting = next((m for m in hint.__metadata__ if isinstance(m, Setting)), None)
            hint = hint.__origin__
        found[name] = Keyword(name, hint, parameter.default, setting)
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not known: the one meant, if one is close, else all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.55)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}"


def _typed(name: str, value: Any, kind: Any) -> Any:
    """`value` as `kind`: int where a float is asked, lists for tuples, one member of a Literal or of a union."""
    if kind is Any:
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"{name} is {value!r}; {nearest(str(value), map(str, arguments))}")
        return value
    if origin in (Union, types.UnionType):
        return _one_of(name, value, kind, arguments)
    if origin is tuple:
        if not isinstance(value, (tuple, list)):
            raise ValueError(f"{name} is {value!r}; expected a list of {arguments[0].__name__}")
        return tuple(_typed(name, v, arguments[0]) for v in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is type(None):
        kind = types.NoneType
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{name} is {value!r}; expected {kind.__name__}")
    return value


def _one_of(name: str, value: Any, kind: Any, members: tuple[Any, ...]) -> Any:
    for member in members:
        try:
            return _typed(name, value, member)
        except ValueError:
            continue
    raise ValueError(f"{name} is {value!r}; expected {kind}")


def _in_range(name: str, value: int | float, setting: Setting) -> None:
    bounds = (
        (setting.low, "at least", lambda b: value >= b),
        (setting.above, "above", lambda b: value > b),
        (setting.high, "at most", lambda b: value <= b),
    )
    for bound, words, holds in bounds:
        if bound is not None and not holds(bound):
            raise ValueError(f"{name} is {value}; it has to be {words} {bound:g} ({setting.about})")
