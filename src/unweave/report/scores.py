"""Scores of a run as rows of a table, and as a dot plot with intervals and null floors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unweave import metrics
from unweave.metrics.base import Score
from unweave.metrics.score import OF

# All in pixels.
WIDTH = 780
LEFT = 170
RIGHT = 178
ROW = 28  # height of a row
TOP = 10

NOT_MEASURED = "not measured"
MEASURED = (
    "error",
    "low",
    "high",
    "null",
    "rotated",
    "ceiling",
    "bias",
)  # of a part, as of a score


@dataclass(frozen=True)
class Row:
    """One row of the table and, if its range is 0 to 1, of the dot plot.

    name: of the metric, or of a part of it (`part`). about: what the metric measures.
    value: as text, with the digits that its error supports. interval, null, rotated, ceiling: as
    text, "not measured" where they were not. score: the numbers.
    """

    name: str
    part: bool
    about: str
    value: str
    interval: str
    null: str
    rotated: str
    ceiling: str
    score: Score
    lower_is_better: bool
    unit_range: bool


@dataclass(frozen=True)
class Dot:
    """One row of the dot plot, in pixels. missing: a note on what was not measured (None here)."""

    y: float
    name: str
    part: bool
    text: str
    title: str
    missing: str
    value: float
    low: float | None
    high: float | None
    null: float | None
    rotated: float | None
    ceiling: float | None


@dataclass(frozen=True)
class Dots:
    """The dot plot of all scores whose range is 0 to 1."""

    rows: list[Dot]
    ticks: list[tuple[float, str]]
    width: int
    height: int
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP


def rows(scores: Mapping[str, Score]) -> list[Row]:
    """A row for each metric, followed by rows for its scalar parts."""
    found = []
    for name, score in scores.items():
        found.append(_row(name, False, name, score))
        for part, inner in parts(score).items():
            if inner != score:
                found.append(_row(name, True, part, inner))
    return found


def parts(score: Score) -> dict[str, Score]:
    """The scalar parts of a score that are defined, as scores with their intervals."""
    found = {}
    for name, value in score.parts.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and not math.isnan(value):
            found[name] = Score(float(value), **_interval(score, name))
    return found


def _interval(score: Score, part: str) -> dict[str, Any]:
    """Error, interval and floors of a part, where the score has them.

    A metric from elsewhere may call something else "intervals".
    """
    intervals = score.parts.get("intervals")
    own = intervals.get(part) if isinstance(intervals, Mapping) else None
    if not isinstance(own, Mapping):
        return {}
    return {name: float(own[name]) for name in MEASURED if isinstance(own.get(name), int | float)}


def dots(rows: list[Row]) -> Dots | None:
    """The dot plot of the rows whose range is 0 to 1; None if there is none."""
    drawn = [row for row in rows if row.unit_range and math.isfinite(row.score.value)]
    if not drawn:
        return None
    found = [_dot(row, TOP + (i + 0.5) * ROW) for i, row in enumerate(drawn)]
    ticks = [(_x(t / 5) or 0.0, f"{t / 5:.1f}") for t in range(6)]
    return Dots(found, ticks, WIDTH, TOP + ROW * len(found) + 26)


def digits(value: float, error: float) -> str:
    """A value with as many digits as its error supports; "" if it is not finite."""
    if not math.isfinite(value):
        return ""
    return str(Score(value, error=error)).split(" ")[0]


def _row(key: str, part: bool, name: str, score: Score) -> Row:
    """The row of a score. key: the metric as in scores.json. name: of the metric or of its part."""
    metric = key.partition(OF)[0]
    known = metric in metrics.METRICS
    unit_range = 0 <= score.value <= 1
    lower_is_better = False
    if known:
        declares = metrics.get(metric).declares
        unit_range = tuple(declares.range) == (0.0, 1.0)
        lower_is_better = declares.direction == "lower"
    about = ""
    if known and not part:
        about = metrics.METRICS[metric][1]
    inside = math.isfinite(score.value) and -1e-9 <= score.value <= 1 + 1e-9
    value = "not defined"
    unknown = ""
    if math.isfinite(score.value):
        value = str(score)
        unknown = NOT_MEASURED
    low = digits(score.low, score.error)
    high = digits(score.high, score.error)
    interval = unknown
    if low and high:
        interval = f"{low} to {high}"
    return Row(
        name,
        part,
        about,
        value=value,
        interval=interval,
        null=digits(score.null, score.error) or unknown,
        rotated=digits(score.rotated, score.error) or unknown,
        ceiling=digits(score.ceiling, score.error) or unknown,
        score=score,
        lower_is_better=lower_is_better,
        unit_range=unit_range and inside,
    )


def _dot(row: Row, y: float) -> Dot:
    """The row of the dot plot at height y."""
    score = row.score
    tooltip = [
        f"{row.name}: {row.value}",
        f"95 % interval: {row.interval}",
        f"noise scores: {row.null}",
        f"rotated codes score: {row.rotated}",
        f"the factors themselves score: {row.ceiling}",
    ]
    measured = {"error": score.error, "noise": score.null}
    absent = [name for name, number in measured.items() if not math.isfinite(number)]
    missing = ""
    if absent:
        missing = f"{', '.join(absent)} {NOT_MEASURED}"
    return Dot(
        y,
        row.name,
        row.part,
        row.value,
        "\n".join(tooltip),
        missing,
        value=_x(score.value) or 0.0,
        low=_x(score.low),
        high=_x(score.high),
        null=_x(score.null),
        rotated=_x(score.rotated),
        ceiling=_x(score.ceiling),
    )


def _x(value: float) -> float | None:
    """The pixel of a score, clipped to [0, 1]; None if it is not finite."""
    if not math.isfinite(value):
        return None
    return round(LEFT + min(max(value, 0.0), 1.0) * (WIDTH - RIGHT - LEFT), 1)
