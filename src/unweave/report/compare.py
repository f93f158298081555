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
from unweave.report.thinning import spread_out
from unweave.runs.config import RunConfig

NAMED = 3  # settings in the label of a group
GROUPS = 50  # about, in the tables


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
    """The score of a group on one metric: median, range over seeds, whether it is the best."""

    median: str
    spread: str
    best: bool


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
    for name in metric_names(scores):
        medians = np.array(_medians(groups, scores, name))
        if not chosen:
            chosen |= set(spread_out(medians, GROUPS).tolist())
        best = _best(name, medians.tolist())
        chosen |= set(np.flatnonzero(medians == best)[:1].tolist())
    if not chosen:
        return list(range(GROUPS))
    return sorted(chosen)


def summaries(
    groups: Sequence[Group], scores: Sequence[Mapping[str, Score]]
) -> dict[str, list[Summary | None]]:
    """{metric: one Summary for each group, None where no run of it has that score}."""
    found: dict[str, list[Summary | None]] = {}
    for name in metric_names(scores):
        values = [values_of(group, scores, name) for group in groups]
        medians = _medians(groups, scores, name)
        best = None
        if sum(map(bool, values)) > 1:  # a lone group is not the best of anything
            best = _best(name, medians)
        pairs = zip(values, medians, strict=True)
        found[name] = [_summary(of_group, median, median == best) for of_group, median in pairs]
    return found


def metric_names(scores: Sequence[Mapping[str, Score]]) -> list[str]:
    """Names of the metrics that any run has a score of, in order, each once."""
    return list(dict.fromkeys(name for of_run in scores for name in of_run))


def _differing_by_method(configs: Sequence[RunConfig]) -> dict[str, list[str]]:
    """{method: the settings that differ between the groups of this method}, for their labels."""
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


def values_of(group: Group, scores: Sequence[Mapping[str, Score]], name: str) -> list[float]:
    """The finite scores of a group's runs on one metric."""
    found = [scores[i][name].value for i in group.members if name in scores[i]]
    return [v for v in found if math.isfinite(v)]


def _medians(
    groups: Sequence[Group], scores: Sequence[Mapping[str, Score]], name: str
) -> list[float]:
    """The median of each group on one metric, NaN where no run has a finite score."""
    values = [values_of(group, scores, name) for group in groups]
    return [float(np.median(v)) if v else math.nan for v in values]


def _best(name: str, medians: Sequence[float]) -> float | None:
    """The best of the finite medians by the metric's direction; None if there is none."""
    finite = [m for m in medians if math.isfinite(m)]
    if not finite:
        return None
    lower_is_better = name in metrics.METRICS and metrics.get(name).declares.direction == "lower"
    if lower_is_better:
        return min(finite)
    return max(finite)


def _summary(values: Sequence[float], median: float, best: bool) -> Summary | None:
    """The median with the digits that the standard error over seeds supports.

    One seed has no range, and none has no summary.
    """
    if not values:
        return None
    if len(values) == 1:
        return Summary(digits(median, math.nan), "", best)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    low = digits(min(values), error)
    high = digits(max(values), error)
    return Summary(digits(median, error), f"{low} to {high}", best)
