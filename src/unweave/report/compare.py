"""Several runs beside each other: seeds of one setting make a group, a group is told by its median."""

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

WIDTH, LEFT, RIGHT, TOP, LANE = 720, 170, 40, 8, 16
NAMED = 3  # settings in the label of a group


@dataclass(frozen=True)
class Group:
    """Runs that differ in the seed only. label: the method, and the settings that tell the groups apart."""

    label: str
    members: list[int]
    colour: int


@dataclass(frozen=True)
class Summary:
    """A group's score on one metric: median, range over seeds, whether it is the best median."""

    median: str
    spread: str
    best: bool


@dataclass(frozen=True)
class Mark:
    """A dot of the picture (a run), in pixels."""

    x: float
    y: float
    colour: int
    title: str


@dataclass(frozen=True)
class Strip:
    """All runs on one metric: dots, a bar at each group's median as (x, y, colour), and the null floor."""

    y: float
    height: float
    name: str
    marks: list[Mark]
    medians: list[tuple[float, float, int]]
    null: float | None


@dataclass(frozen=True)
class Strips:
    """The picture of several runs."""

    strips: list[Strip]
    ticks: list[tuple[float, str]]
    width: int
    height: int
    left: int = LEFT
    right: int = WIDTH - RIGHT


def groups(configs: Sequence[RunConfig]) -> list[Group]:
    """Runs by everything that was chosen but the seed, in the order they were given."""
    found: dict[str, list[int]] = {}
    for i, config in enumerate(configs):
        found.setdefault(json.dumps(config.hashed(), sort_keys=True), []).append(i)
    firsts = [configs[members[0]] for members in found.values()]
    labels = [_label(config, facts.differing(_rivals(config, firsts))) for config in firsts]
    return [Group(label, members, i) for i, (label, members) in enumerate(zip(labels, found.values(), strict=True))]


def summaries(groups: Sequence[Group], scores: Sequence[Mapping[str, Score]]) -> dict[str, list[Summary | None]]:
    """{metric: one Summary for each group, None where no run of it has that score}."""
    found: dict[str, list[Summary | None]] = {}
    for name in dict.fromkeys(name for one in scores for name in one):
        values = [_values(group, scores, name) for group in groups]
        medians = [float(np.median(v)) if v else math.nan for v in values]
        best = _best(name, medians) if sum(map(bool, values)) > 1 else None
        found[name] = [_summary(v, m, m == best) if v else None for v, m in zip(values, medians, strict=True)]
    return found


def strips(groups: Sequence[Group], names: Sequence[str], scores: Sequence[Mapping[str, Score]]) -> Strips | None:
    """The picture of every metric between 0 and 1, with runs by name; None if there is none."""
    metrics_found = dict.fromkeys(name for one in scores for name in one)
    drawn = [n for n in metrics_found if all(0 <= v <= 1 for g in groups for v in _values(g, scores, n))]
    height = LANE * len(groups) + 18
    found = [
        _strip(name, float(TOP + i * height), float(height), groups, names, scores) for i, name in enumerate(drawn)
    ]
    ticks = [(_x(t / 5), f"{t / 5:.1f}") for t in range(6)]
    return Strips(found, ticks, WIDTH, TOP + height * len(found) + 24) if found else None


def _rivals(config: RunConfig, firsts: Sequence[RunConfig]) -> list[RunConfig]:
    """The groups that the method's name does not tell apart from this one."""
    return [other for other in firsts if other.method.name == config.method.name]


def _label(config: RunConfig, differing: Sequence[str]) -> str:
    chosen = dict(facts.settings(config))
    words = [f"{name.rpartition('.')[2]} {chosen[name]}" for name in differing if name in chosen]
    more = [f"and {len(words) - NAMED} more"] if len(words) > NAMED else []
    return ", ".join([chosen["method"], *words[:NAMED], *more])


def _values(group: Group, scores: Sequence[Mapping[str, Score]], name: str) -> list[float]:
    found = [scores[i][name].value for i in group.members if name in scores[i]]
    return [v for v in found if math.isfinite(v)]


def _best(name: str, medians: Sequence[float]) -> float | None:
    finite = [m for m in medians if math.isfinite(m)]
    if not finite:
        return None
    lower = name in metrics.METRICS and metrics.get(name).declares.direction == "lower"
    return min(finite) if lower else max(finite)


def _summary(values: Sequence[float], median: float, best: bool) -> Summary:
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    low, high = (digits(v, spread) for v in (min(values), max(values)))
    return Summary(digits(median, spread), f"{low} to {high}" if len(values) > 1 else "", best)


def _strip(
    name: str,
    y: float,
    height: float,
    groups: Sequence[Group],
    runs: Sequence[str],
    scores: Sequence[Mapping[str, Score]],
) -> Strip:
    marks, medians = [], []
    for lane, group in enumerate(groups):
        at = y + 9 + (lane + 0.5) * LANE
        for i in group.members:
            score = scores[i].get(name)
            if score is not None and math.isfinite(score.value):
                marks.append(Mark(_x(score.value), at, group.colour, f"{runs[i]}\n{name} {score}"))
        if values := _values(group, scores, name):
            medians.append((_x(float(np.median(values))), at, group.colour))
    floors = [one[name].null for one in scores if name in one and math.isfinite(one[name].null)]
    return Strip(y, height, name, marks, medians, _x(float(np.median(floors))) if floors else None)


def _x(value: float) -> float:
    return round(LEFT + min(max(value, 0.0), 1.0) * (WIDTH - RIGHT - LEFT), 1)
