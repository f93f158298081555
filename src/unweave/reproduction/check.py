"""A check of a recipe: what is measured of which arms, and what is expected of it.

It names a measure (see `measured`) and one or more expectations, all of which have to hold:

    measure: {score: mig}        of every arm that the check names
    arm: method                  the arm whose number it is about ("method")
    of: median                   its median over the seeds; or mean, best (the largest), worst

    at_least: 0.3, at_most: 0.5  it is no smaller, no larger than this number, or another arm's:
      {arm: vae}                 that of the arm vae
      {arm: vae, times: 2}       twice that
    above: vae, below: vae       its median is above, below that of vae by more than the larger
                                 range over seeds
    ablation: vae                vae misses the numbers `at_least` and `at_most` in every seed, by
                                 more than `tolerance: 0.05` (default 0)

    over: [weak, strong]         with `against: [weak, strong]` and `along: {log: TERM}`: the points
                                 of the arms `over` lie above the line through those `against`, seed
                                 by seed; the number that is checked is the mean height
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from unweave.reproduction.measured import refuse_misshapen
from unweave.settings import Setting

Measure = Mapping[str, Any]
Tolerance = Annotated[float, Setting("by which the ablation has to miss, more than", low=0)]
EXPECTS = ("at_least", "at_most", "above", "below", "ablation")


@dataclass(frozen=True)
class Bound:
    """The number of another arm, times a factor."""

    arm: str
    times: float = 1.0


@dataclass(frozen=True)
class Check:
    """One measure and what is expected of it.

    ValueError for one that could not fail, or that nothing could meet.
    """

    measure: Measure
    arm: str = "method"
    of: Literal["median", "mean", "best", "worst"] = "median"
    at_least: float | Bound | None = None
    at_most: float | Bound | None = None
    above: str | None = None
    below: str | None = None
    ablation: str | None = None
    tolerance: Tolerance = 0.0
    over: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    along: Measure | None = None

    def __post_init__(self) -> None:
        for how in self.measures():
            refuse_misshapen(how)
        if all(getattr(self, word) is None for word in EXPECTS):
            raise ValueError(f"it expects nothing; give one of {', '.join(EXPECTS)}")
        for side, bound in self.bounds().items():
            if isinstance(bound, Bound):
                bound = bound.times
            if not math.isfinite(bound):
                raise ValueError(f"{side} is {bound}; expected a finite number")
        numbers = [bound for bound in self.bounds().values() if not isinstance(bound, Bound)]
        if self.ablation is not None and not numbers:
            raise ValueError("it names an ablation, but no number for it to miss")
        if not self.over and self.arm in self.compared():
            raise ValueError(f"it compares the arm {self.arm!r} with itself")
        parts = (self.over, self.against, self.along)
        if any(parts) and not all(parts):
            raise ValueError("over, against and along go together; one of them is missing")

    def measures(self) -> list[Measure]:
        """What is measured: `measure`, and `along` where it has one."""
        if self.along is None:
            return [self.measure]
        return [self.measure, self.along]

    def bounds(self) -> dict[str, float | Bound]:
        """`at_least` and `at_most`, where it has them."""
        given = {"at_least": self.at_least, "at_most": self.at_most}
        return {side: bound for side, bound in given.items() if bound is not None}

    def claimed(self) -> list[str]:
        """The arms that it is about."""
        return [*self.over, *self.against] or [self.arm]

    def compared(self) -> list[str]:
        """The arms that those are compared with."""
        others = [arm for arm in (self.above, self.below, self.ablation) if arm is not None]
        others += [bound.arm for bound in self.bounds().values() if isinstance(bound, Bound)]
        return others

    def arms(self) -> list[str]:
        """All arms that it names, each once."""
        return list(dict.fromkeys([*self.claimed(), *self.compared()]))


def key_of(how: Measure) -> str:
    """A measure as JSON, the key of its value."""
    return json.dumps(how, sort_keys=True)


def measures_of(checks: Iterable[Check]) -> dict[str, list[Measure]]:
    """{arm: what is measured of it, each once}."""
    found: dict[str, list[Measure]] = {}
    for check in checks:
        for arm in check.arms():
            measures = found.setdefault(arm, [])
            measures += [how for how in check.measures() if how not in measures]
    return found
