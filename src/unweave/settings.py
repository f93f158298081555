"""A setting: one keyword of a constructor, with its type, default, unit, range and search law in its annotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """What a setting's annotation adds to its type: `beta: Annotated[float, Setting("nats per nat of KL", low=0)] = 4`.

    about: meaning and unit, one line. low, high: the range, both included. above: a bound that is not included.
    search: what a study tries: a tuple of values, or ("log", low, high).
    """

    about: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    search: tuple[Any, ...] | None = None

    def check(self, name: str, value: Any) -> None:
        """Raise ValueError if `value` is outside the range, saying what was given and what is expected."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return
        bounds = [
            (self.low, "at least", lambda b: value >= b),
            (self.above, "above", lambda b: value > b),
            (self.high, "at most", lambda b: value <= b),
        ]
        for bound, words, holds in bounds:
            if bound is not None and not holds(bound):
                raise ValueError(f"{name} is {value}; it has to be {words} {bound:g} ({self.about})")
