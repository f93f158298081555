"""Axes of charts: round numbers for their ticks, short labels, and values to pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


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
    sign = ""
    if value < 0:
        sign = "−"
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if size >= limit:
            return f"{sign}{size / limit:.4g}{letter}"
    return f"{sign}{size:.4g}"


class AxisScale:
    """A linear map from values to pixels."""

    def __init__(self, low: float, high: float, start: int, end: int):
        self.low = low
        self.factor = (end - start) / ((high - low) or 1.0)
        self.start = start

    def __call__(self, value: float | NDArray[np.floating]) -> NDArray[np.floating]:
        """The pixels of values; infinite for one that is too large."""
        with np.errstate(over="ignore"):
            return np.asarray(self.start + (np.asarray(value, float) - self.low) * self.factor)
