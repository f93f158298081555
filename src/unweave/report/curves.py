"""Line charts over training steps, as geometry for a template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.training.records import COLUMNS, LOOKED_AT

# All in pixels.
WIDTH = 400
HEIGHT = 220
LEFT = 52
RIGHT = 14
TOP = 12
BOTTOM = 30

BURN_IN = 0.1  # share of the steps that does not set the range of the y axis: it would flatten the rest
READINGS = 48  # tooltips along the x axis
WINDOW = 9  # records in the running median


@dataclass(frozen=True)
class Series:
    """One line: name, steps (n,), values (n,), index of the colour, and whether it is drawn faint."""

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

    key: (index of the colour, name) of each line in the legend.
    """

    title: str
    unit: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    lines: list[Line]
    readings: list[tuple[float, float, str]]
    key: list[tuple[int, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(title: str, unit: str, series: Sequence[Series], *, key: bool = False, smooth: bool = True) -> Chart:
    """A chart of series over steps; the y axis spans the values after the first tenth of each series.

    key: whether to draw a legend. smooth: whether to draw the running median of long series.
    """
    last = max(float(s.steps[-1]) for s in series)
    low, high = _span(series)
    y_ticks = ticks(low, high)
    x = _Scale(0.0, last, LEFT, WIDTH - RIGHT)
    y = _Scale(min(low, y_ticks[0]), max(high, y_ticks[-1]), HEIGHT - BOTTOM, TOP)
    return Chart(
        title,
        unit,
        [(float(x(t)), short(t)) for t in ticks(0.0, last) if t <= last],
        [(float(y(t)), short(t)) for t in y_ticks],
        [_line(s, x, y, smooth) for s in series],
        _readings(series, last, x),
        [(s.colour, s.name) for s in series if key and not s.faint],
    )


def _span(series: Sequence[Series]) -> tuple[float, float]:
    """The smallest and largest finite value after the burn-in of each series; 0 and 1 if there is none."""
    late: list[float] = []
    for s in series:
        kept = (s.steps >= BURN_IN * s.steps[-1]) & np.isfinite(s.values)  # (n,)
        late += s.values[kept].tolist()
    if not late:
        return 0.0, 1.0
    return min(late), max(late)


def terms(records: Sequence[Mapping[str, object]]) -> list[str]:
    """The names of the numbers in a log that get a chart, in the order of their first record."""
    skipped = COLUMNS - set(LOOKED_AT)
    found: dict[str, None] = {}  # an ordered set
    for record in records:
        for name, value in record.items():
            if name not in skipped and isinstance(value, int | float):
                found[name] = None
    return list(found)


def series(records: Sequence[Mapping[str, object]], term: str, name: str, colour: int = 0) -> Series | None:
    """One term of a log as a series; None if no record has it."""
    pairs = [(r["step"], r[term]) for r in records if isinstance(r.get(term), int | float)]
    if not pairs:
        return None
    steps, values = np.array(pairs, dtype=float).T
    return Series(name, steps, values, colour)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers that span low to high, in about `about` steps.

    >>> ticks(3.0, 97.0)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    >>> ticks(0.12, 0.31)
    [0.1, 0.15, 0.2, 0.25, 0.3, 0.35]
    """
    if not high > low:
        reach = abs(low) * 0.1 or 1.0
        low -= reach
        high += reach
    # The step is 1, 2, 5 or 10 times the power of ten below an even division.
    even = (high - low) / about
    power = 10.0 ** math.floor(math.log10(even))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= 0.75 * even)
    digits = max(0, 1 - math.floor(math.log10(step)))
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(i * step, digits) for i in range(first, last + 1)]


def short(value: float) -> str:
    """A number as the short label of an axis.

    >>> short(12e3), short(1500.0), short(0.25), short(2e6), short(-3.0)
    ('12k', '1.5k', '0.25', '2M', '−3')
    """
    size = abs(value)
    sign = "−" if value < 0 else ""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if size >= limit:
            return f"{sign}{size / limit:.4g}{letter}"
    return f"{sign}{size:.4g}"


class _Scale:
    """A linear map from values to pixels."""

    def __init__(self, low: float, high: float, start: int, end: int):
        self.low = low
        self.factor = (end - start) / ((high - low) or 1.0)
        self.start = start

    def __call__(self, value: float | NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(self.start + (np.asarray(value, float) - self.low) * self.factor)


def _line(s: Series, x: _Scale, y: _Scale, smooth: bool) -> Line:
    """A series as paths; `end` is the last point, of the median where there is one."""
    raw = _path(x(s.steps), y(s.values))
    smoothed = ""
    final = s.values[-1]
    if smooth and len(s.values) >= 3 * WINDOW:
        median = running_median(s.values, WINDOW)
        smoothed = _path(x(s.steps), y(median))
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
    return np.array([np.median(values[max(0, i - half) : i + half + 1]) for i in range(len(values))])


def _path(x: NDArray[np.floating], y: NDArray[np.floating]) -> str:
    """An SVG path through the points; a gap where one is not finite."""
    commands = []
    pen = "M"  # move to the next point; "L" draws a line to it
    for a, b in zip(x, y, strict=True):
        if not math.isfinite(b):
            pen = "M"
            continue
        commands.append(f"{pen}{a:.1f} {np.clip(b, -999, 999):.1f}")
        pen = "L"
    return "".join(commands)


def _readings(series: Sequence[Series], last: float, x: _Scale) -> list[tuple[float, float, str]]:
    """Tooltips (x, width, text) at up to `READINGS` logged steps: the nearest value of each series."""
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
