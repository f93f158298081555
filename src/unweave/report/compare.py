"""Comparison of runs: runs that differ in the seed only are a group, summarised by its median."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unweave import metrics
from unweave.metrics.base import Score
from unweave.report import facts
from unweave.report.scores import digits
from unweave.runs.config import RunConfig

# All in pixels.
WIDTH = 720
LEFT = 170
RIGHT = 40
TOP = 8
LANE = 16  # height of a group within a strip
NAMED = 3  # settings in the label of a group


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
    found: list[Group] = []
    for config, members in zip(firsts, members_of.values(), strict=True):
        label = _label(config, facts.differing(_rivals(config, firsts)))
        found.append(Group(label, members, colour=len(found)))
    return found


def summaries(groups: Sequence[Group], scores: Sequence[Mapping[str, Score]]) -> dict[str, list[Summary | None]]:
    """{metric: one Summary for each group, None where no run of it has that score}."""
    found: dict[str, list[Summary | None]] = {}
    for name in _metric_names(scores):
        values = [_values(group, scores, name) for group in groups]
        medians = [float(np.median(v)) if v else math.nan for v in values]
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
    height = LANE * len(groups) + 18
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


def _rivals(config: RunConfig, firsts: Sequence[RunConfig]) -> list[RunConfig]:
    """The groups with the same method, which the label has to distinguish by settings."""
    return [other for other in firsts if other.method.name == config.method.name]


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
    """One metric: each group in a lane of its own, from the top down."""
    marks = []
    medians = []
    for lane, group in enumerate(groups):
        at = y + 9 + (lane + 0.5) * LANE
        for i in group.members:
            score = scores[i].get(name)
            if score is not None and math.isfinite(score.value):
                marks.append(Mark(_x(score.value), at, group.colour, f"{runs[i]}\n{name} {score}"))
        values = _values(group, scores, name)
        if values:
            medians.append((_x(float(np.median(values))), at, group.colour))
    floors = [of_run[name].null for of_run in scores if name in of_run]
    floors = [floor for floor in floors if math.isfinite(floor)]
    null = _x(float(np.median(floors))) if floors else None
    return Strip(y, height, name, marks, medians, null)


def _x(value: float) -> float:
    """The pixel of a score, clipped to [0, 1]."""
    return round(LEFT + min(max(value, 0.0), 1.0) * (WIDTH - RIGHT - LEFT), 1)
