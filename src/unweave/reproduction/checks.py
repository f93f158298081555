"""Whether the numbers of a recipe's arms are what a check expects. Numbers in, words out; nothing is trained here.

A check names what is measured (see `measuring`) and one or more of these, all of which have to hold:

    measure: {score: mig}        of every arm that the check names
    arm: method                  whose number it is about ("method")
    of: median                   its median over the seeds; or mean, best (the largest), worst (the smallest)
    median: 0.3, tolerance: .05  it is this number, to this tolerance
    at_least: 0.3, at_most: 0.5  it is no smaller, no larger
    beats: vae                   it is above that arm's, medians apart by more than the larger range over the seeds;
                                 below it, where the check says `at_most` or `lower: true`
    no_more: vae                 it is no larger than that arm's
    times: {vae: 2}              it is at least twice that arm's
    doubles: vae                 it is at least twice that arm's; where that is above 0.35, half way from there to 1
    over: [weak, strong]         with `against: [weak, strong]` and `along: {log: TERM}`: the arms' points lie above the
                                 line through the others' points, seed by seed: the mean height is the number judged
    ablation: vae                that arm misses the expectation by more than the tolerance in every seed
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from unweave.settings import nearest

Found = Mapping[str, Sequence[Mapping[str, float]]]  # of each arm and seed: {measure as JSON: value}
Verdict = tuple[bool, str]
EXPECTS = {"median", "at_least", "at_most", "beats", "no_more", "times", "doubles", "ablation"}
WORDS = EXPECTS | {"measure", "arm", "of", "tolerance", "lower", "over", "against", "along"}
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
    kind, tolerance = check.get("of", "median"), check.get("tolerance", 0.0)
    values = _heights(check, found) if "over" in check else _values(check, found, check.get("arm", "method"))
    middle = MIDDLES[kind](values)
    if "median" in check:
        held = abs(middle - check["median"]) <= tolerance
        yield held, f"{kind} {middle:.4g}, stated {check['median']} ± {tolerance}"
    if "at_least" in check:
        yield middle >= check["at_least"], f"{kind} {middle:.4g}, at least {check['at_least']}"
    if "at_most" in check:
        yield middle <= check["at_most"], f"{kind} {middle:.4g}, at most {check['at_most']}"
    if "beats" in check:
        yield _beats(values, _values(check, found, check["beats"]), check)
    if "no_more" in check:
        other = MIDDLES[kind](_values(check, found, check["no_more"]))
        yield middle <= other, f"{kind} {middle:.4g}, no more than {other:.4g} of {check['no_more']}"
    for arm, factor in check.get("times", {}).items():
        other = MIDDLES[kind](_values(check, found, arm))
        yield middle >= factor * other, f"{kind} {middle:.4g}, at least {factor} times {other:.4g} of {arm}"
    if "doubles" in check:
        other = MIDDLES[kind](_values(check, found, check["doubles"]))
        goal = 2 * other if other <= 0.35 else (1 + other) / 2
        yield middle >= goal, f"{kind} {middle:.4g}, at least {goal:.4g} for {other:.4g} of {check['doubles']}"
    if "ablation" in check:
        missed = _values(check, found, check["ablation"])
        words = ", ".join(f"{value:.4g}" for value in missed)
        yield ablation_misses(check, missed), f"the ablation {check['ablation']} misses it in every seed: {words}"


def ablation_misses(check: Mapping[str, Any], values: Iterable[float]) -> bool:
    """Whether every seed of the ablation is off by more than the tolerance."""
    tolerance = check.get("tolerance", 0.0)
    low = check.get("at_least", check.get("median"))
    high = check.get("at_most", check.get("median"))
    return all(
        (low is not None and value < low - tolerance) or (high is not None and value > high + tolerance)
        for value in values
    )


def _can_fail(check: Mapping[str, Any]) -> None:
    """ValueError for a word that no check knows: it would be passed over, and the check would always hold."""
    if unknown := [word for word in check if word not in WORDS]:
        raise ValueError(f"a check knows no {unknown[0]!r}; {nearest(str(unknown[0]), WORDS)}")
    if not EXPECTS & check.keys():
        raise ValueError(f"the check of {check['measure']} expects nothing; give one of {', '.join(sorted(EXPECTS))}")
    if "ablation" in check and not {"median", "at_least", "at_most"} & check.keys():
        raise ValueError(f"the check of {check['measure']} names an ablation, but no number for it to miss")


def claimed_of(checks: Iterable[Mapping[str, Any]]) -> set[str]:
    """The arms that a claim is about; the others are baselines and ablations, which it is only compared with."""
    return {arm for check in checks for arm in _own(check)}


def _own(check: Mapping[str, Any]) -> list[str]:
    return [*check["over"], *check["against"]] if "over" in check else [check.get("arm", "method")]


def _arms(check: Mapping[str, Any]) -> list[str]:
    own = _own(check)
    others = [check[key] for key in ("beats", "no_more", "doubles", "ablation") if key in check]
    return list(dict.fromkeys([*own, *others, *check.get("times", {})]))


def _values(check: Mapping[str, Any], found: Found, arm: str) -> list[float]:
    return [seed[key_of(check["measure"])] for seed in found[arm]]


def _beats(ours: list[float], theirs: list[float], check: Mapping[str, Any]) -> Verdict:
    lower = check.get("lower", "at_most" in check)
    apart = (statistics.median(theirs) - statistics.median(ours)) * (1 if lower else -1)
    spread = max(max(ours) - min(ours), max(theirs) - min(theirs))
    side = "below" if lower else "above"
    return (
        apart > spread,
        f"median {apart:.4g} {side} that of {check['beats']}, more than the larger range, {spread:.4g}",
    )


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
