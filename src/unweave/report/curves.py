"""Line charts over training steps, as geometry for a template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from unweave.report.axes import AxisScale, short, ticks
from unweave.report.thinning import extremes, spread_out
from unweave.training.records import COLUMNS, LOOKED_AT

# All in pixels.
WIDTH = 400
HEIGHT = 220
LEFT = 52
RIGHT = 14
TOP = 12
BOTTOM = 30

# share of the steps that does not set the range of the y axis: it would flatten the rest
BURN_IN = 0.1
# values from here on are not drawn, as infinite ones: the differences of larger ones are infinite
HUGE = 1e300
READINGS = 48  # tooltips along the x axis
WINDOW = 9  # records in the running median
LINES = 40  # drawn in one chart at most
INTERVALS = WIDTH - LEFT - RIGHT  # of a line that is thinned: one a pixel
POINTS = 6_000  # of all lines of a chart together, about


@dataclass(frozen=True)
class Series:
    """One line: name, steps (n,), values (n,), index of the colour, whether it is drawn faint."""

    name: str
    steps: NDArray[np.floating]
    values: NDArray[np.floating]
    colour: int = 0
    faint: bool = False


@dataclass(frozen=True)
class Line:
    """A series as SVG paths: raw values, and their running median ("" for short series)."""

    name: str
    raw: str
    smooth: str
    colour: int
    faint: bool
    end: tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """A chart ready to draw: ticks as (pixel, text), lines, tooltips as (x, width, text).

    key: (index of the colour, name) of each line in the legend. thinned: what is not drawn, in
    words, or "".
    """

    title: str
    unit: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    lines: list[Line]
    readings: list[tuple[float, float, str]]
    key: list[tuple[int, str]]
    thinned: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(
    title: str, unit: str, series: Sequence[Series], *, key: bool = False, smooth: bool = True
) -> Chart:
    """A chart of series over steps.

    The y axis spans the values after the first tenth of each series.

    key: whether to draw a legend. smooth: whether to draw the running median of long series. Long
    series are thinned to their extremes, and many to `LINES` of them; the axes span all values.
    """
    last = max(float(s.steps[-1]) for s in series)
    low, high = _span(series)
    y_ticks = ticks(low, high)
    x = AxisScale(0.0, last, LEFT, WIDTH - RIGHT)
    y = AxisScale(min(low, y_ticks[0]), max(high, y_ticks[-1]), HEIGHT - BOTTOM, TOP)
    drawn = [series[i] for i in spread_out(np.array([s.values[-1] for s in series]), LINES)]
    intervals = min(INTERVALS, POINTS // (2 * len(drawn)))
    return Chart(
        title,
        unit,
        [(float(x(t)), short(t)) for t in ticks(0.0, last) if t <= last],
        [(float(y(t)), short(t)) for t in y_ticks],
        [_line(s, x, y, smooth, intervals) for s in drawn],
        _readings(drawn, last, x),
        [(s.colour, s.name) for s in drawn if key and not s.faint],
        _thinned(series, drawn, intervals),
    )


def _thinned(series: Sequence[Series], drawn: Sequence[Series], intervals: int) -> str:
    """What a chart leaves out, in words; "" if nothing."""
    said = []
    if len(drawn) < len(series):
        said.append(
            f"{len(drawn)} of {len(series):,} lines, evenly along the order of their last values"
        )
    longest = max(len(s.values) for s in drawn)
    if any(len(extremes(s.steps, s.values, intervals)) < len(s.values) for s in drawn):
        said.append(
            f"of up to {longest:,} records the lowest and highest in each of {intervals} intervals"
        )
    if not said:
        return ""
    return f"Thinned: {'; '.join(said)}."


def _span(series: Sequence[Series]) -> tuple[float, float]:
    """The smallest and largest value after the burn-in of each series that an axis can hold.

    0 and 1 if there is none.
    """
    kept = [(s.steps >= BURN_IN * s.steps[-1]) & (abs(s.values) < HUGE) for s in series]  # (n,)
    late = np.concatenate([s.values[of_series] for s, of_series in zip(series, kept, strict=True)])
    if not len(late):
        return 0.0, 1.0
    return float(late.min()), float(late.max())


def terms(records: Sequence[Mapping[str, object]]) -> list[str]:
    """The names of the numbers in a log that get a chart, in the order of their first record."""
    skipped = COLUMNS.keys() - set(LOOKED_AT)
    found: dict[str, None] = {}  # an ordered set
    for record in records:
        for name, value in record.items():
            if name not in skipped and isinstance(value, int | float):
                found[name] = None
    return list(found)


def series(
    records: Sequence[Mapping[str, object]], term: str, name: str, colour: int = 0
) -> Series | None:
    """One term of a log as a series; None if no record has it."""
    pairs = [(r["step"], r[term]) for r in records if isinstance(r.get(term), int | float)]
    if not pairs:
        return None
    steps, values = np.array(pairs, dtype=float).T
    return Series(name, steps, values, colour)


def _line(s: Series, x: AxisScale, y: AxisScale, smooth: bool, intervals: int) -> Line:
    """A series as paths; `end` is the last point, of the median where there is one."""
    raw = _path(x(s.steps), y(s.values), intervals)
    smoothed = ""
    final = s.values[-1]
    if smooth and len(s.values) >= 3 * WINDOW:
        median = running_median(s.values, WINDOW)
        smoothed = _path(x(s.steps), y(median), intervals)
        final = median[-1]
    end_x = round(float(x(s.steps[-1])), 1)
    end_y = round(float(np.clip(y(final), TOP, HEIGHT - BOTTOM)), 1)
    return Line(s.name, raw, smoothed, s.colour, s.faint, (end_x, end_y))


def running_median(values: NDArray[np.floating], window: int) -> NDArray[np.floating]:
    """The median over a window around each value, narrower at the ends.

    >>> running_median(np.array([1.0, 9.0, 2.0, 3.0, 4.0]), 3).tolist()
    [5.0, 2.0, 3.0, 3.0, 3.5]
    """
    half = window // 2
    n = len(values)
    ends = [i for i in range(n) if i < half or i >= n - half]
    found = np.empty(n)
    if n >= window:
        found[half : n - half] = np.median(sliding_window_view(values, window), axis=1)
    for i in ends:
        found[i] = np.median(values[max(0, i - half) : i + half + 1])
    return found


def _path(x: NDArray[np.floating], y: NDArray[np.floating], intervals: int) -> str:
    """An SVG path through the points, thinned; a gap where one is not finite."""
    commands = []
    pen = "M"  # move to the next point; "L" draws a line to it
    drawn = extremes(x, y, intervals)
    for a, b in zip(x[drawn], y[drawn], strict=True):
        if not math.isfinite(b):
            pen = "M"
            continue
        commands.append(f"{pen}{a:.1f} {np.clip(b, -999, 999):.1f}")
        pen = "L"
    return "".join(commands)


def _readings(
    series: Sequence[Series], last: float, x: AxisScale
) -> list[tuple[float, float, str]]:
    """Tooltips (x, width, text) at up to `READINGS` logged steps: nearest value of each series."""
    steps = np.unique(np.concatenate([s.steps for s in series]))
    steps = steps[np.unique(np.linspace(0, len(steps) - 1, READINGS).astype(int))]
    width = (WIDTH - LEFT - RIGHT) / len(steps)
    found: list[tuple[float, float, str]] = []
    for step in steps:
        lines = [f"step {step:,.0f}"]
        for s in series:
            value = s.values[np.abs(s.steps - step).argmin()]
            if s.steps[-1] >= step and not math.isnan(value):
                lines.append(f"{s.name} {value:z.5g}")
        left = round(float(x(step)) - width / 2, 1)
        found.append((left, round(width, 1), "\n".join(lines)))
    return found
