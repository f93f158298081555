"""Comparison of runs: runs that differ in the seed only are a group, summarised by its median."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from unweave import metrics
from unweave.metrics.base import Score
from unweave.report import facts
from unweave.report.scores import digits
from unweave.report.thinning import spread_out
from unweave.runs.config import RunConfig

# All in pixels.
WIDTH = 720
LEFT = 170
RIGHT = 40
TOP = 8
LANE = 16  # height of a group within a strip
NAMED = 3  # settings in the label of a group
LANES = 24  # groups with a lane of their own; of more, all runs are in one
GROUPS = 50  # about, in the tables
SINGLY = 200  # runs whose dots are all drawn; of more, one dot for those at the same pixel


@dataclass(frozen=True)
class Group:
    """Runs that differ in the seed only, as indices.

    label: the method and the settings in which the groups differ.
    """

    label: str
    members: list[int]
    colour: int


@dataclass(frozen=True)
class Summary:
    """The score of a group on one metric: median, range over seeds, whether it is the best median."""

    median: str
    spread: str
    best: bool


@dataclass(frozen=True)
class Mark:
    """One run as a dot of a strip, in pixels."""

    x: float
    y: float
    colour: int
    title: str


@dataclass(frozen=True)
class Strip:
    """All runs on one metric: dots, group medians as (x, y, colour), and the null floor."""

    y: float
    height: float
    name: str
    marks: list[Mark]
    medians: list[tuple[float, float, int]]
    null: float | None


@dataclass(frozen=True)
class Strips:
    """Strip plot of the scores of several runs, one strip for each metric."""

    strips: list[Strip]
    ticks: list[tuple[float, str]]
    width: int
    height: int
    left: int = LEFT
    right: int = WIDTH - RIGHT


def groups(configs: Sequence[RunConfig]) -> list[Group]:
    """Runs grouped by all settings but the seed, in the order of the first run of each group."""
    members_of: dict[str, list[int]] = {}
    for i, config in enumerate(configs):
        key = json.dumps(config.hashed(), sort_keys=True)
        members_of.setdefault(key, []).append(i)
    firsts = [configs[members[0]] for members in members_of.values()]
    differing = _differing_by_method(firsts)
    found: list[Group] = []
    for config, members in zip(firsts, members_of.values(), strict=True):
        label = _label(config, differing[config.method.name])
        found.append(Group(label, members, colour=len(found)))
    return found


def shown(groups: Sequence[Group], scores: Sequence[Mapping[str, Score]]) -> list[int]:
    """Which groups the tables show: all, or about `GROUPS` of them.

    Of many groups, evenly along the order of their medians on the first metric, and the best of
    every metric.
    """
    if len(groups) <= GROUPS:
        return list(range(len(groups)))
    chosen: set[int] = set()
    for name in _metric_names(scores):
        medians = np.array(_medians(groups, scores, name))
        if not chosen:
            chosen |= set(spread_out(medians, GROUPS).tolist())
        best = _best(name, medians.tolist())
        chosen |= set(np.flatnonzero(medians == best)[:1].tolist())
    return sorted(chosen) if chosen else list(range(GROUPS))


def summaries(groups: Sequence[Group], scores: Sequence[Mapping[str, Score]]) -> dict[str, list[Summary | None]]:
    """{metric: one Summary for each group, None where no run of it has that score}."""
    found: dict[str, list[Summary | None]] = {}
    for name in _metric_names(scores):
        values = [_values(group, scores, name) for group in groups]
        medians = _medians(groups, scores, name)
        best = None
        if sum(map(bool, values)) > 1:  # a lone group is not the best of anything
            best = _best(name, medians)
        found[name] = [
            _summary(of_group, median, median == best) if of_group else None
            for of_group, median in zip(values, medians, strict=True)
        ]
    return found


def strips(groups: Sequence[Group], names: Sequence[str], scores: Sequence[Mapping[str, Score]]) -> Strips | None:
    """The strip plot of every metric whose scores are in [0, 1]; None if there is none.

    names: of the runs, for the tooltips.
    """
    lanes = len(groups) if len(groups) <= LANES else 1
    height = LANE * lanes + 18
    found: list[Strip] = []
    for metric in _metric_names(scores):
        values = [v for group in groups for v in _values(group, scores, metric)]
        if all(0 <= v <= 1 for v in values):
            top = float(TOP + len(found) * height)
            found.append(_strip(metric, top, float(height), groups, names, scores))
    if not found:
        return None
    ticks = [(_x(t / 5), f"{t / 5:.1f}") for t in range(6)]
    return Strips(found, ticks, WIDTH, TOP + height * len(found) + 24)


def _metric_names(scores: Sequence[Mapping[str, Score]]) -> list[str]:
    """Names of the metrics that any run has a score of, in order, each once."""
    return list(dict.fromkeys(name for of_run in scores for name in of_run))


def _differing_by_method(configs: Sequence[RunConfig]) -> dict[str, list[str]]:
    """{method: the settings that differ between the groups of this method}, by which labels tell them apart."""
    rivals: dict[str, list[RunConfig]] = {}
    for config in configs:
        rivals.setdefault(config.method.name, []).append(config)
    return {method: facts.differing(of_method) for method, of_method in rivals.items()}


def _label(config: RunConfig, differing: Sequence[str]) -> str:
    """The method and up to `NAMED` of the differing settings, as a text."""
    chosen = dict(facts.settings(config))
    words = [f"{name.rpartition('.')[2]} {chosen[name]}" for name in differing if name in chosen]
    parts = [chosen["method"], *words[:NAMED]]
    if len(words) > NAMED:
        parts.append(f"and {len(words) - NAMED} more")
    return ", ".join(parts)


def _values(group: Group, scores: Sequence[Mapping[str, Score]], name: str) -> list[float]:
    """The finite scores of a group's runs on one metric."""
    found = [scores[i][name].value for i in group.members if name in scores[i]]
    return [v for v in found if math.isfinite(v)]


def _medians(groups: Sequence[Group], scores: Sequence[Mapping[str, Score]], name: str) -> list[float]:
    """The median of each group on one metric, NaN where no run has a finite score."""
    values = [_values(group, scores, name) for group in groups]
    return [float(np.median(v)) if v else math.nan for v in values]


def _best(name: str, medians: Sequence[float]) -> float | None:
    """The best of the finite medians by the metric's direction; None if there is none."""
    finite = [m for m in medians if math.isfinite(m)]
    if not finite:
        return None
    lower_is_better = name in metrics.METRICS and metrics.get(name).declares.direction == "lower"
    return min(finite) if lower_is_better else max(finite)


def _summary(values: Sequence[float], median: float, best: bool) -> Summary:
    """The median with the digits that the standard error over seeds supports; one seed has no range."""
    if len(values) == 1:
        return Summary(digits(median, math.nan), "", best)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    low = digits(min(values), error)
    high = digits(max(values), error)
    return Summary(digits(median, error), f"{low} to {high}", best)


def _strip(
    name: str,
    y: float,
    height: float,
    groups: Sequence[Group],
    runs: Sequence[str],
    scores: Sequence[Mapping[str, Score]],
) -> Strip:
    """One metric: each group in a lane of its own, from the top down; all in one if they are many."""
    marks = []
    medians = []
    for place, group in enumerate(groups):
        lane = place if len(groups) <= LANES else 0
        at = y + 9 + (lane + 0.5) * LANE
        for i in group.members:
            score = scores[i].get(name)
            if score is not None and math.isfinite(score.value):
                marks.append(Mark(_x(score.value), at, group.colour, f"{runs[i]}\n{name} {score}"))
        values = _values(group, scores, name)
        if values and len(groups) <= LANES:
            medians.append((_x(float(np.median(values))), at, group.colour))
    if len(runs) > SINGLY:
        marks = _apart(marks)
    floors = [of_run[name].null for of_run in scores if name in of_run]
    floors = [floor for floor in floors if math.isfinite(floor)]
    null = _x(float(np.median(floors))) if floors else None
    return Strip(y, height, name, marks, medians, null)


def _apart(marks: Sequence[Mark]) -> list[Mark]:
    """One mark for those at the same pixel, named by the first and with the number of the others."""
    at: dict[tuple[int, float], list[Mark]] = {}
    for mark in marks:
        at.setdefault((round(mark.x), mark.y), []).append(mark)
    found = []
    for first, *others in at.values():
        more = f"\nand {len(others):,} more here" if others else ""
        found.append(replace(first, title=first.title + more))
    return found


def _x(value: float) -> float:
    """The pixel of a score, clipped to [0, 1]."""
    return round(LEFT + min(max(value, 0.0), 1.0) * (WIDTH - RIGHT - LEFT), 1)
