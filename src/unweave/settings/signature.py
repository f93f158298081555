"""Keywords of a signature with their type, default and `Setting`."""

from __future__ import annotations

import inspect
import math
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_origin

from unweave.settings.typed import from_text, number, shown, typed

PLAIN = (int, float, bool, str)
LARGEST = 2**31 - 1  # of whole numbers: larger sizes overflow in the libraries that allocate them


@dataclass(frozen=True)
class Setting:
    """Meaning, range and search law of a setting, in the annotation of its keyword.

    about: meaning and unit, one line. low, high: the range, both included; whole numbers end at
    `LARGEST` without a high. above: a lower bound that is excluded. search: the values that a study
    tries, as a tuple, or ("log", low, high).
    """

    about: str
    low: int | float | None = None
    high: int | float | None = None
    above: int | float | None = None
    search: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Keyword:
    """One keyword of a signature: name, bare type, default and `Setting`, None without one."""

    name: str
    type: Any
    default: Any
    setting: Setting | None

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty

    def check(self, value: Any, name: str | None = None) -> Any:
        """`value` in the type of the keyword. ValueError for another type or out of range."""
        name = name or self.name
        return self._ranged(name, typed(name, value, self.type))

    def read(self, text: str, name: str | None = None) -> Any:
        """As `check`, for text of a command line. ValueError too if the type is not known."""
        name = name or self.name
        if self.type is Any:
            raise ValueError(
                f"{name} is {shown(text)}, and its type is not known; annotate the keyword, "
                f"such as {self.name}: int"
            )
        return self._ranged(name, from_text(name, text, self.type))

    def _ranged(self, name: str, value: Any) -> Any:
        """`value`, if each number in it is in range; ValueError if one is not."""
        items = value if isinstance(value, tuple) else (value,)
        for one in items:
            is_number = isinstance(one, (int, float)) and not isinstance(one, bool)
            if self.setting is not None and is_number:
                _in_range(name, one, self.setting)
        return value


def keywords(made: Callable[..., Any]) -> dict[str, Keyword]:
    """The keywords of a class's constructor or of a function, in order.

    >>> Beta = Annotated[float, Setting("nats per nat of KL", low=0)]
    >>> def penalty(*, beta: Beta = 4.0): ...
    >>> keywords(penalty)["beta"].default, keywords(penalty)["beta"].setting.low
    (4.0, 0)
    """
    function = made
    if inspect.isclass(made):
        function = made.__init__
    if function is object.__init__:
        return {}
    hints = typing.get_type_hints(function, include_extras=True)
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        hint = hints.get(name, _type_of(parameter.default))
        setting = None
        # Annotated[type, Setting(...)]: the setting, and the bare type
        if get_origin(hint) is Annotated:
            setting = next((item for item in hint.__metadata__ if isinstance(item, Setting)), None)
            hint = hint.__origin__
        found[name] = Keyword(name, hint, parameter.default, setting)
    return found


def _type_of(default: Any) -> Any:
    """The type of a keyword without an annotation: its default's if that is plain, else `Any`."""
    if type(default) in PLAIN:
        return type(default)
    return Any


def _in_range(name: str, value: int | float, setting: Setting) -> None:
    """ValueError for a number outside the bounds of its setting, or a whole one above `LARGEST`."""
    bounds = (
        (setting.low, "at least", lambda b: value >= b),
        (setting.above, "above", lambda b: value > b),
        (setting.high, "at most", lambda b: value <= b),
    )
    for bound, words, holds in bounds:
        if bound is not None and not holds(bound):
            raise ValueError(
                f"{name} is {shown(value)}; it has to be {words} {number(bound)} ({setting.about})"
            )
        if bound is not None and value == math.inf:
            raise ValueError(f"{name} is inf; it has to be finite ({setting.about})")
    if isinstance(value, int) and setting.high is None and abs(value) > LARGEST:
        raise ValueError(
            f"{name} is {shown(value)}; whole numbers end at {LARGEST:,} ({setting.about})"
        )
