"""Whether the numbers of a recipe's arms are what a check expects. Numbers in, words out; nothing is trained here.

A check names what is measured (see `measured`) and one or more of the expectations, all of which have to hold:

    measure: {score: mig}        of every arm that the check names
    arm: method                  whose number it is about ("method")
    of: median                   its median over the seeds; or mean, best (the largest), worst (the smallest)

    at_least: 0.3, at_most: 0.5  it is no smaller, no larger than this number, or than another arm's:
      {arm: vae}                 that arm's
      {arm: vae, times: 2}       twice that arm's
      {..., halfway_above: .35}  where that arm's is above this, half way from there to 1 in place of that
    above: vae, below: vae       it is above, below that arm's: medians apart by more than the larger range over the seeds
    ablation: vae                that arm misses the numbers `at_least` and `at_most` in every seed, by more than
                                 `tolerance: 0.05` (0)

    over: [weak, strong]         with `against: [weak, strong]` and `along: {log: TERM}`: the arms' points lie above the
                                 line through the others' points, seed by seed: the mean height is the number judged
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from unweave.settings import nearest

Found = Mapping[str, Sequence[Mapping[str, float]]]  # of each arm and seed: {measure as JSON: value}
Verdict = tuple[bool, str]
Bound = float | Mapping[str, Any]
EXPECTS = {"at_least", "at_most", "above", "below", "ablation"}
WORDS = EXPECTS | {"measure", "arm", "of", "tolerance", "over", "against", "along"}
OF_A_BOUND = {"arm", "times", "halfway_above"}
MIDDLES: dict[str, Callable[[list[float]], float]] = {
    "median": statistics.median,
    "mean": statistics.fmean,
    "best": max,
    "worst": min,
}


def key_of(how: Mapping[str, Any]) -> str:
    """A measure as the key of its value."""
    return json.dumps(how, sort_keys=True)


def measures_of(checks: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """What is to be measured of each arm, each once: {arm: measures}. ValueError for a check that could not fail."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for check in checks:
        _can_fail(check)
        for arm in _arms(check):
            for how in (check["measure"], *([check["along"]] if "along" in check else [])):
                if how not in found.setdefault(arm, []):
                    found[arm].append(how)
    return found


def verdicts(check: Mapping[str, Any], found: Found) -> Iterator[Verdict]:
    """Each thing that a check expects: whether it holds, in words."""
    kind = check.get("of", "median")
    values = _heights(check, found) if "over" in check else _values(check, found, check.get("arm", "method"))
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
    """Whether every seed of the ablation is off the check's own numbers by more than the tolerance."""
    tolerance = check.get("tolerance", 0.0)
    low = _number(check.get("at_least"), -math.inf) - tolerance
    high = _number(check.get("at_most"), math.inf) + tolerance
    return all(value < low or value > high for value in values)


def _number(bound: Bound | None, otherwise: float) -> float:
    """A bound that is a number; `otherwise` where there is none, or it is another arm's."""
    return otherwise if bound is None or isinstance(bound, Mapping) else bound


def _bound(check: Mapping[str, Any], found: Found, side: str) -> tuple[float, str]:
    """The number that a check expects to be reached, or not to be passed, and what to say of it."""
    bound = check[side]
    if not isinstance(bound, Mapping):
        return bound, f"{bound}"
    other = MIDDLES[check.get("of", "median")](_values(check, found, bound["arm"]))
    if other > bound.get("halfway_above", math.inf):
        goal = (1 + other) / 2
        return goal, f"{goal:.4g}, half way to 1 from {other:.4g} of {bound['arm']}"
    if "times" not in bound:
        return other, f"{other:.4g} of {bound['arm']}"
    return bound["times"] * other, f"{bound['times']} times {other:.4g} of {bound['arm']}"


def _can_fail(check: Mapping[str, Any]) -> None:
    """ValueError for a word that no check knows: it would be passed over, and the check would always hold."""
    if unknown := [word for word in check if word not in WORDS]:
        raise ValueError(f"a check knows no {unknown[0]!r}; {nearest(str(unknown[0]), WORDS)}")
    if not EXPECTS & check.keys():
        raise ValueError(f"the check of {check['measure']} expects nothing; give one of {', '.join(sorted(EXPECTS))}")
    bounds = [check[side] for side in ("at_least", "at_most") if side in check]
    for bound in (bound for bound in bounds if isinstance(bound, Mapping)):
        if wrong := [word for word in bound if word not in OF_A_BOUND]:
            raise ValueError(f"a bound of a check knows no {wrong[0]!r}; {nearest(str(wrong[0]), OF_A_BOUND)}")
        if "arm" not in bound:
            raise ValueError(f"the check of {check['measure']} is bound by no arm: {dict(bound)}")
    if "ablation" in check and all(isinstance(bound, Mapping) for bound in bounds):
        raise ValueError(f"the check of {check['measure']} names an ablation, but no number for it to miss")


def claimed_of(checks: Iterable[Mapping[str, Any]]) -> set[str]:
    """The arms that a claim is about; the others are baselines and ablations, which it is only compared with."""
    return {arm for check in checks for arm in _own(check)}


def _own(check: Mapping[str, Any]) -> list[str]:
    return [*check["over"], *check["against"]] if "over" in check else [check.get("arm", "method")]


def _arms(check: Mapping[str, Any]) -> list[str]:
    own = _own(check)
    others = [check[key] for key in ("above", "below", "ablation") if key in check]
    bounds = [check.get(side) for side in ("at_least", "at_most")]
    others += [bound["arm"] for bound in bounds if isinstance(bound, Mapping)]
    return list(dict.fromkeys([*own, *others]))


def _values(check: Mapping[str, Any], found: Found, arm: str) -> list[float]:
    return [seed[key_of(check["measure"])] for seed in found[arm]]


def _apart(ours: list[float], theirs: list[float], side: str, arm: str) -> Verdict:
    """Whether medians are apart, to one side, by more than the larger of the ranges over the seeds."""
    gap = statistics.median(ours) - statistics.median(theirs)
    apart = gap if side == "above" else -gap
    spread = max(max(ours) - min(ours), max(theirs) - min(theirs))
    return apart > spread, f"median {apart:.4g} {side} that of {arm}, more than the larger range, {spread:.4g}"


def _heights(check: Mapping[str, Any], found: Found) -> list[float]:
    """Of each seed: how far the arms `over` lie above the line through the arms `against`, where both have been."""
    along, height = key_of(check["along"]), key_of(check["measure"])
    heights = []
    for seed in range(len(found[check["against"][0]])):
        line = sorted((found[arm][seed][along], found[arm][seed][height]) for arm in check["against"])
        points = [(found[arm][seed][along], found[arm][seed][height]) for arm in check["over"]]
        inside = [(a, b) for a, b in points if line[0][0] <= a <= line[-1][0]]
        above = [b - float(np.interp(a, [x for x, _ in line], [y for _, y in line])) for a, b in inside]
        heights.append(statistics.fmean(above) if above else float("nan"))
    return heights
