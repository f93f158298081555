"""Lines over training steps, as geometry that a template draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.training.records import COLUMNS, LOOKED_AT

WIDTH, HEIGHT = 400, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 30
BURN_IN = 0.1  # the first steps do not choose the range of the axis: they would flatten all the rest
READINGS = 48  # places with a tooltip
WINDOW = 9  # records in the running median


@dataclass(frozen=True)
class Series:
    """One line: its name, the steps (n,) and values (n,), and the place of its colour."""

    name: str
    steps: NDArray[np.floating]
    values: NDArray[np.floating]
    colour: int = 0
    faint: bool = False


@dataclass(frozen=True)
class Line:
    """A series as SVG paths: every value, and their running median ("" for short series)."""

    name: str
    raw: str
    smooth: str
    colour: int
    faint: bool
    end: tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """A chart ready to draw: ticks as (place, text), lines, and columns with a tooltip as (x, width, text)."""

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
    """Series over steps. The y axis spans what follows the first tenth of each line; key: name the lines below."""
    last = max(float(s.steps[-1]) for s in series)
    late = [v for s in series for v in s.values[(s.steps >= BURN_IN * s.steps[-1]) & np.isfinite(s.values)]]
    low, high = (float(min(late)), float(max(late))) if late else (0.0, 1.0)
    y_ticks = ticks(low, high)
    low, high = min(low, y_ticks[0]), max(high, y_ticks[-1])
    x = _Scale(0.0, last, LEFT, WIDTH - RIGHT)
    y = _Scale(low, high, HEIGHT - BOTTOM, TOP)
    return Chart(
        title,
        unit,
        [(float(x(t)), short(t)) for t in ticks(0.0, last) if t <= last],
        [(float(y(t)), short(t)) for t in y_ticks],
        [_line(s, x, y, smooth) for s in series],
        _readings(series, last, x),
        [(s.colour, s.name) for s in series if key and not s.faint],
    )


def terms(records: Sequence[Mapping[str, object]]) -> list[str]:
    """The names of the numbers in a log that are worth a chart, in the order of their first record."""
    plain = COLUMNS - set(LOOKED_AT)
    return list(
        dict.fromkeys(k for r in records for k, v in r.items() if k not in plain and isinstance(v, int | float))
    )


def series(records: Sequence[Mapping[str, object]], term: str, name: str, colour: int = 0) -> Series | None:
    """One term of a log as a series; None if no record holds it."""
    pairs = [(r["step"], r[term]) for r in records if isinstance(r.get(term), int | float)]
    if not pairs:
        return None
    steps, values = np.array(pairs, dtype=float).T
    return Series(name, steps, values, colour)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers that span low to high, about so many steps.

    >>> ticks(3.0, 97.0)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    >>> ticks(0.12, 0.31)
    [0.1, 0.15, 0.2, 0.25, 0.3, 0.35]
    """
    if not high > low:
        reach = abs(low) * 0.1 or 1.0
        low, high = low - reach, high + reach
    rough = (high - low) / about
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(s * scale for s in (1, 2, 5, 10) if s * scale >= 0.75 * rough)
    digits = max(0, 1 - math.floor(math.log10(step)))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, digits) for i in range(first, last + 1)]


def short(value: float) -> str:
    """A number as an axis says it.

    >>> short(12e3), short(1500.0), short(0.25), short(2e6), short(-3.0)
    ('12k', '1.5k', '0.25', '2M', '−3')
    """
    size, sign = abs(value), "−" if value < 0 else ""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if size >= limit:
            return f"{sign}{size / limit:.4g}{letter}"
    return f"{sign}{size:.4g}"


class _Scale:
    """A linear map from values to pixels."""

    def __init__(self, low: float, high: float, start: int, end: int):
        self.low, self.factor, self.start = low, (end - start) / ((high - low) or 1.0), start

    def __call__(self, value: float | NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(self.start + (np.asarray(value, float) - self.low) * self.factor)


def _line(s: Series, x: _Scale, y: _Scale, smooth: bool) -> Line:
    median = running_median(s.values, WINDOW)
    soft = smooth and len(s.values) >= 3 * WINDOW
    ending = median[-1] if soft else s.values[-1]
    end = (round(float(x(s.steps[-1])), 1), round(float(np.clip(y(ending), TOP, HEIGHT - BOTTOM)), 1))
    return Line(
        s.name, _path(x(s.steps), y(s.values)), _path(x(s.steps), y(median)) if soft else "", s.colour, s.faint, end
    )


def running_median(values: NDArray[np.floating], window: int) -> NDArray[np.floating]:
    """The median over a window around each value, narrower at the ends.

    >>> running_median(np.array([1.0, 9.0, 2.0, 3.0, 4.0]), 3).tolist()
    [5.0, 2.0, 3.0, 3.0, 3.5]
    """
    half = window // 2
    return np.array([np.median(values[max(0, i - half) : i + half + 1]) for i in range(len(values))])


def _path(x: NDArray[np.floating], y: NDArray[np.floating]) -> str:
    """An SVG path through the points; a gap where one is not finite."""
    words, pen = [], "M"
    for a, b in zip(x, y, strict=True):
        if math.isfinite(b):
            words.append(f"{pen}{a:.1f} {np.clip(b, -999, 999):.1f}")
        pen = "L" if math.isfinite(b) else "M"
    return "".join(words)


def _readings(series: Sequence[Series], last: float, x: _Scale) -> list[tuple[float, float, str]]:
    steps = np.unique(np.concatenate([s.steps for s in series]))
    steps = steps[np.unique(np.linspace(0, len(steps) - 1, READINGS).astype(int))]
    width = (WIDTH - LEFT - RIGHT) / len(steps)
    found: list[tuple[float, float, str]] = []
    for step in steps:
        near = [(s.name, s.values[np.abs(s.steps - step).argmin()]) for s in series if s.steps[-1] >= step]
        told = [f"{name} {value:z.5g}" for name, value in near if not math.isnan(value)]
        found.append((round(float(x(step)) - width / 2, 1), round(width, 1), "\n".join([f"step {step:,.0f}", *told])))
    return found
