"""Strip plots: scores of several runs on one metric as dots, with medians and the null floor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from unweave.metrics.base import Score
from unweave.report.compare import Group, metric_names, values_of

# All in pixels.
WIDTH = 720
LEFT = 170
RIGHT = 40
TOP = 8
LANE = 16  # height of a group within a strip
LANES = 24  # groups with a lane of their own; of more, all runs are in one
SINGLY = 200  # runs whose dots are all drawn; of more, one dot for those at the same pixel


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


def strips(
    groups: Sequence[Group], names: Sequence[str], scores: Sequence[Mapping[str, Score]]
) -> Strips | None:
    """The strip plot of every metric whose scores are in [0, 1]; None if there is none.

    names: of the runs, for the tooltips.
    """
    lanes = len(groups)
    if lanes > LANES:
        lanes = 1
    height = LANE * lanes + 18
    found: list[Strip] = []
    for metric in metric_names(scores):
        values = [v for group in groups for v in values_of(group, scores, metric)]
        if all(0 <= v <= 1 for v in values):
            top = float(TOP + len(found) * height)
            found.append(_strip(metric, top, float(height), groups, names, scores))
    if not found:
        return None
    ticks = [(_x(t / 5), f"{t / 5:.1f}") for t in range(6)]
    return Strips(found, ticks, WIDTH, TOP + height * len(found) + 24)


def _strip(
    name: str,
    y: float,
    height: float,
    groups: Sequence[Group],
    runs: Sequence[str],
    scores: Sequence[Mapping[str, Score]],
) -> Strip:
    """One metric: each group in a lane of its own, from the top down, or all in one lane."""
    marks = []
    medians = []
    singly = len(groups) <= LANES
    for place, group in enumerate(groups):
        lane = 0
        if singly:
            lane = place
        at = y + 9 + (lane + 0.5) * LANE
        for i in group.members:
            score = scores[i].get(name)
            if score is not None and math.isfinite(score.value):
                marks.append(Mark(_x(score.value), at, group.colour, f"{runs[i]}\n{name} {score}"))
        values = values_of(group, scores, name)
        if values and singly:
            medians.append((_x(float(np.median(values))), at, group.colour))
    if len(runs) > SINGLY:
        marks = _apart(marks)
    floors = [of_run[name].null for of_run in scores if name in of_run]
    floors = [floor for floor in floors if math.isfinite(floor)]
    null: float | None = None
    if floors:
        null = _x(float(np.median(floors)))
    return Strip(y, height, name, marks, medians, null)


def _apart(marks: Sequence[Mark]) -> list[Mark]:
    """One mark for those at the same pixel: the first one's title, and the number of others."""
    at: dict[tuple[int, float], list[Mark]] = {}
    for mark in marks:
        at.setdefault((round(mark.x), mark.y), []).append(mark)
    found = []
    for first, *others in at.values():
        title = first.title
        if others:
            title += f"\nand {len(others):,} more here"
        found.append(replace(first, title=title))
    return found


def _x(value: float) -> float:
    """The pixel of a score, clipped to [0, 1]."""
    return round(LEFT + min(max(value, 0.0), 1.0) * (WIDTH - RIGHT - LEFT), 1)
