"""Checks of a recipe: whether the measured numbers of its arms meet its expectations.

A check names what is measured (see `measured`) and one or more expectations, all of which have to hold:

    measure: {score: mig}        of every arm that the check names
    arm: method                  the arm whose number it is about ("method")
    of: median                   its median over the seeds; or mean, best (the largest), worst (the smallest)

    at_least: 0.3, at_most: 0.5  it is no smaller, no larger than this number, or than that of another arm:
      {arm: vae}                 that of the arm vae
      {arm: vae, times: 2}       twice that
    above: vae, below: vae       its median is above, below that of vae by more than the larger range over seeds
    ablation: vae                vae misses the numbers `at_least` and `at_most` in every seed, by more than
                                 `tolerance: 0.05` (default 0)

    over: [weak, strong]         with `against: [weak, strong]` and `along: {log: TERM}`: the points of the arms
                                 `over` lie above the line through those `against`, seed by seed; the number
                                 that is checked is the mean height
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from unweave.settings import nearest

Found = Mapping[str, Sequence[Mapping[str, float]]]  # {arm: for each seed {measure as JSON: value}}
Verdict = tuple[bool, str]
Bound = float | Mapping[str, Any]
EXPECTS = {"at_least", "at_most", "above", "below", "ablation"}
WORDS = EXPECTS | {"measure", "arm", "of", "tolerance", "over", "against", "along"}
OF_A_BOUND = {"arm", "times"}
MIDDLES: dict[str, Callable[[list[float]], float]] = {
    "median": statistics.median,
    "mean": statistics.fmean,
    "best": max,
    "worst": min,
}


def key_of(how: Mapping[str, Any]) -> str:
    """A measure as JSON, the key of its value."""
    return json.dumps(how, sort_keys=True)


def measures_of(checks: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """{arm: what is measured of it, each once}. Raises ValueError for a check that cannot fail."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for check in checks:
        _can_fail(check)
        for arm in _arms(check):
            measures = found.setdefault(arm, [])
            for how in hows(check):
                if how not in measures:
                    measures.append(how)
    return found


def hows(check: Mapping[str, Any]) -> list[Any]:
    """The measures of a check: `measure`, and `along` where it has one."""
    return [check[key] for key in ("measure", "along") if key in check]


def verdicts(check: Mapping[str, Any], found: Found) -> Iterator[Verdict]:
    """For each expectation of a check: whether it holds, and the numbers in words."""
    values = _judged(check, found)
    kind = check.get("of", "median")
    middle = MIDDLES[kind](values)
    if "at_least" in check:
        low, words = _bound(check, found, "at_least")
        yield middle >= low, f"{kind} {middle:.4g}, at least {words}"
    if "at_most" in check:
        high, words = _bound(check, found, "at_most")
        yield middle <= high, f"{kind} {middle:.4g}, at most {words}"
    for side in ("above", "below"):
        if side in check:
            yield _apart(values, _values(check, found, check[side]), side, check[side])
    if "ablation" in check:
        missed = _values(check, found, check["ablation"])
        words = ", ".join(f"{value:.4g}" for value in missed)
        yield ablation_misses(check, missed), f"the ablation {check['ablation']} misses it in every seed: {words}"


def ablation_misses(check: Mapping[str, Any], values: Iterable[float]) -> bool:
    """Whether every seed of the ablation misses the numbers of the check by more than the tolerance."""
    tolerance = check.get("tolerance", 0.0)
    low = _number(check.get("at_least"), -math.inf) - tolerance
    high = _number(check.get("at_most"), math.inf) + tolerance
    return all(value < low or value > high for value in values)


def _number(bound: Bound | None, otherwise: float) -> float:
    """A bound that is a number; `otherwise` if there is none, or if it refers to another arm."""
    if bound is None or isinstance(bound, Mapping):
        return otherwise
    return bound


def _bound(check: Mapping[str, Any], found: Found, side: str) -> tuple[float, str]:
    """The number of `at_least` or `at_most`, from another arm where it refers to one, and its words."""
    bound = check[side]
    if not isinstance(bound, Mapping):
        return bound, f"{bound}"
    other = MIDDLES[check.get("of", "median")](_values(check, found, bound["arm"]))
    if "times" not in bound:
        return other, f"{other:.4g} of {bound['arm']}"
    return bound["times"] * other, f"{bound['times']} times {other:.4g} of {bound['arm']}"


def _can_fail(check: Mapping[str, Any]) -> None:
    """Raise ValueError for a check that would always hold: one with an unknown word or no expectation."""
    for word in check:
        if word not in WORDS:
            raise ValueError(f"a check knows no {word!r}; {nearest(str(word), WORDS)}")
    if not EXPECTS & check.keys():
        raise ValueError(f"the check of {check['measure']} expects nothing; give one of {', '.join(sorted(EXPECTS))}")
    bounds = [check[side] for side in ("at_least", "at_most") if side in check]
    of_arms = [bound for bound in bounds if isinstance(bound, Mapping)]
    for bound in of_arms:
        for word in bound:
            if word not in OF_A_BOUND:
                raise ValueError(f"a bound of a check knows no {word!r}; {nearest(str(word), OF_A_BOUND)}")
        if "arm" not in bound:
            raise ValueError(f"the check of {check['measure']} is bound by no arm: {dict(bound)}")
    if "ablation" in check and len(of_arms) == len(bounds):
        raise ValueError(f"the check of {check['measure']} names an ablation, but no number for it to miss")


def claimed_of(checks: Iterable[Mapping[str, Any]]) -> set[str]:
    """The arms that a claim is about; the others are baselines and ablations."""
    return {arm for check in checks for arm in _own(check)}


def _own(check: Mapping[str, Any]) -> list[str]:
    """The arms that a check is about."""
    if "over" in check:
        return [*check["over"], *check["against"]]
    return [check.get("arm", "method")]


def _arms(check: Mapping[str, Any]) -> list[str]:
    """All arms that a check names, each once."""
    own = _own(check)
    others = [check[key] for key in ("above", "below", "ablation") if key in check]
    bounds = [check.get(side) for side in ("at_least", "at_most")]
    others += [bound["arm"] for bound in bounds if isinstance(bound, Mapping)]
    return list(dict.fromkeys([*own, *others]))


def _judged(check: Mapping[str, Any], found: Found) -> list[float]:
    """The number of each seed that a check is about."""
    if "over" in check:
        return _heights(check, found)
    return _values(check, found, check.get("arm", "method"))


def _values(check: Mapping[str, Any], found: Found, arm: str) -> list[float]:
    """The measured value of an arm for each seed."""
    return [seed[key_of(check["measure"])] for seed in found[arm]]


def _apart(ours: list[float], theirs: list[float], side: str, arm: str) -> Verdict:
    """Whether our median is above or below theirs by more than the larger range over the seeds."""
    gap = statistics.median(ours) - statistics.median(theirs)
    apart = gap if side == "above" else -gap
    spread = max(max(ours) - min(ours), max(theirs) - min(theirs))
    return apart > spread, f"median {apart:.4g} {side} that of {arm}, more than the larger range, {spread:.4g}"


def _heights(check: Mapping[str, Any], found: Found) -> list[float]:
    """For each seed: the mean height of the arms `over` above the line through the arms `against`.

    Points outside the ends of the line are left out; NaN where none is left.
    """
    heights = []
    for seed in range(len(found[check["against"][0]])):
        line = sorted(_points(check, found, check["against"], seed))
        xs = [x for x, _ in line]
        ys = [y for _, y in line]
        inside = [(x, y) for x, y in _points(check, found, check["over"], seed) if xs[0] <= x <= xs[-1]]
        above = [y - float(np.interp(x, xs, ys)) for x, y in inside]
        heights.append(statistics.fmean(above) if above else math.nan)
    return heights


def _points(check: Mapping[str, Any], found: Found, arms: Iterable[str], seed: int) -> list[tuple[float, float]]:
    """(`along`, `measure`) of each arm with one seed."""
    along = key_of(check["along"])
    height = key_of(check["measure"])
    return [(found[arm][seed][along], found[arm][seed][height]) for arm in arms]
