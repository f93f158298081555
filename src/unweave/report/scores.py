"""The scores of a run at a glance: each value on its interval, above what noise scores, as geometry a template draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from unweave import metrics
from unweave.metrics.base import Score
from unweave.metrics.score import OF

WIDTH, LEFT, RIGHT, ROW, TOP = 780, 170, 178, 28, 10
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Row:
    """One line of the table and, if its range is 0 to 1, of the picture.

    name: of the metric, or of a part of it (`part`). about: what it asks. value: as text, with the digits that its error
    supports. interval, null, rotated, ceiling: as text, "not measured" where that is so. score: the numbers.
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
    """One line of the picture, in pixels; None where not measured, and `missing` says so."""

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
    """The picture of all scores whose range is 0 to 1."""

    rows: list[Dot]
    ticks: list[tuple[float, str]]
    width: int
    height: int
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP


def rows(scores: Mapping[str, Score]) -> list[Row]:
    """Every metric, each followed by its scalar parts."""
    found = []
    for name, score in scores.items():
        found.append(_row(name, False, name, score))
        found += [_row(name, True, part, inner) for part, inner in parts(score).items() if inner != score]
    return found


def parts(score: Score) -> dict[str, Score]:
    """The scalar parts of a score that are defined, as scores of their own, with their intervals."""
    intervals = score.parts.get("intervals", {})
    found = {}
    for name, value in score.parts.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value):
            found[name] = Score(float(value), **intervals.get(name, {}))
    return found


def dots(rows: list[Row]) -> Dots | None:
    """The picture of the rows whose range is 0 to 1; None if there is none."""
    drawn = [row for row in rows if row.unit_range and math.isfinite(row.score.value)]
    if not drawn:
        return None
    found = [_dot(row, TOP + (i + 0.5) * ROW) for i, row in enumerate(drawn)]
    ticks = [(_x(t / 5) or 0.0, f"{t / 5:.1f}") for t in range(6)]
    return Dots(found, ticks, WIDTH, TOP + ROW * len(found) + 26)


def digits(value: float, error: float) -> str:
    """A value with the digits of an error of that size; "" if it is not finite."""
    return str(Score(value, error=error)).split(" ")[0] if math.isfinite(value) else ""


def _row(kept: str, part: bool, name: str, score: Score) -> Row:
    metric = kept.partition(OF)[0]
    declares = metrics.get(metric).declares if metric in metrics.METRICS else None
    between = tuple(declares.range) == (0.0, 1.0) if declares else 0 <= score.value <= 1
    inside = math.isfinite(score.value) and -1e-9 <= score.value <= 1 + 1e-9
    low, high = (digits(v, score.error) for v in (score.low, score.high))
    unknown = NOT_MEASURED if math.isfinite(score.value) else ""
    null, rotated, ceiling = (digits(v, score.error) or unknown for v in (score.null, score.rotated, score.ceiling))
    return Row(
        name,
        part,
        "" if part or metric not in metrics.METRICS else metrics.METRICS[metric][1],
        str(score) if math.isfinite(score.value) else "not defined",
        f"{low} to {high}" if low and high else unknown,
        null,
        rotated,
        ceiling,
        score,
        declares is not None and declares.direction == "lower",
        between and inside,
    )


def _dot(row: Row, y: float) -> Dot:
    s = row.score
    told = [f"{row.name}: {row.value}"]
    told += [f"95 % interval: {row.interval}", f"noise scores: {row.null}"]
    told += [f"rotated codes score: {row.rotated}", f"the factors themselves score: {row.ceiling}"]
    places = [_x(v) for v in (s.low, s.high, s.null, s.rotated, s.ceiling)]
    absent = [name for name, v in (("error", s.error), ("noise", s.null)) if not math.isfinite(v)]
    missing = f"{', '.join(absent)} {NOT_MEASURED}" if absent else ""
    return Dot(y, row.name, row.part, row.value, "\n".join(told), missing, _x(s.value) or 0.0, *places)


def _x(value: float) -> float | None:
    """Where a score of 0 to 1 stands; None if it is not finite."""
    if not math.isfinite(value):
        return None
    return round(LEFT + min(max(value, 0.0), 1.0) * (WIDTH - RIGHT - LEFT), 1)
