"""Whether the measured numbers of a recipe's arms meet what its checks expect."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from unweave.reproduction.check import Bound, Check, key_of

Found = Mapping[str, Sequence[Mapping[str, float]]]  # {arm: for each seed {measure as JSON: value}}
Verdict = tuple[bool, str]
MIDDLES: dict[str, Callable[[list[float]], float]] = {
    "median": statistics.median,
    "mean": statistics.fmean,
    "best": max,
    "worst": min,
}


def verdicts(check: Check, found: Found) -> Iterator[Verdict]:
    """For each expectation of a check: whether it holds, and the numbers in words."""
    if check.over:
        values = _heights(check, found)
    else:
        values = _values(check, found, check.arm)
    middle = MIDDLES[check.of](values)
    if check.at_least is not None:
        low, words = _bound(check, found, check.at_least)
        yield middle >= low, f"{check.of} {middle:.4g}, at least {words}"
    if check.at_most is not None:
        high, words = _bound(check, found, check.at_most)
        yield middle <= high, f"{check.of} {middle:.4g}, at most {words}"
    if check.above is not None:
        yield _apart(values, _values(check, found, check.above), "above", check.above)
    if check.below is not None:
        yield _apart(values, _values(check, found, check.below), "below", check.below)
    if check.ablation is not None:
        missed = _values(check, found, check.ablation)
        words = ", ".join(f"{value:.4g}" for value in missed)
        claim = f"the ablation {check.ablation} misses it in every seed: {words}"
        yield ablation_misses(check, missed), claim


def ablation_misses(check: Check, values: Iterable[float]) -> bool:
    """Whether every seed of the ablation misses the check's numbers by more than the tolerance."""
    low = _number(check.at_least, -math.inf) - check.tolerance
    high = _number(check.at_most, math.inf) + check.tolerance
    return all(value < low or value > high for value in values)


def _number(bound: float | Bound | None, otherwise: float) -> float:
    """A bound that is a number; `otherwise` if there is none, or if it refers to another arm."""
    if bound is None or isinstance(bound, Bound):
        return otherwise
    return bound


def _bound(check: Check, found: Found, bound: float | Bound) -> tuple[float, str]:
    """The number of a bound, from another arm where it refers to one, and its words."""
    if not isinstance(bound, Bound):
        return bound, f"{bound}"
    other = MIDDLES[check.of](_values(check, found, bound.arm))
    words = f"{other:.4g} of {bound.arm}"
    if bound.times != 1:
        words = f"{bound.times} times {words}"
    return bound.times * other, words


def _values(check: Check, found: Found, arm: str) -> list[float]:
    """The measured value of an arm for each seed."""
    return [seed[key_of(check.measure)] for seed in found[arm]]


def _apart(ours: list[float], theirs: list[float], side: str, arm: str) -> Verdict:
    """Whether our median is above or below theirs by more than the larger range over the seeds."""
    gap = statistics.median(ours) - statistics.median(theirs)
    apart = {"above": gap, "below": -gap}[side]
    spread = max(max(ours) - min(ours), max(theirs) - min(theirs))
    words = f"median {apart:.4g} {side} that of {arm}, more than the larger range, {spread:.4g}"
    return apart > spread, words


def _heights(check: Check, found: Found) -> list[float]:
    """For each seed: the mean height of the arms `over` above the line through the arms `against`.

    Points outside the ends of the line are left out; NaN where none is left.
    """
    heights = []
    for seed in range(len(found[check.against[0]])):
        line = sorted(_points(check, found, check.against, seed))
        xs = [x for x, _ in line]
        ys = [y for _, y in line]
        # heights above the line, by linear interpolation, of the points between its ends
        above = []
        for x, y in _points(check, found, check.over, seed):
            if xs[0] <= x <= xs[-1]:
                above.append(y - float(np.interp(x, xs, ys)))
        height = math.nan
        if above:
            height = statistics.fmean(above)
        heights.append(height)
    return heights


def _points(
    check: Check, found: Found, arms: Iterable[str], seed: int
) -> list[tuple[float, float]]:
    """(`along`, `measure`) of each arm with one seed."""
    height, along = map(key_of, check.measures())
    return [(found[arm][seed][along], found[arm][seed][height]) for arm in arms]
