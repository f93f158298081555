"""Thinning of what is too much to draw, so that nothing that stands out is lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def extremes(x: NDArray[np.floating], y: NDArray[np.floating], intervals: int) -> NDArray[np.int64]:
    """Which points (n,) of a line to draw, as indices: all, if they are few.

    Else the lowest and the highest in each of so many equal intervals of x, and the two ends. x:
    (n,), ascending. An interval without a finite value of y keeps a point, for the gap.

    >>> extremes(np.arange(8.0), np.array([0.0, 5, 1, 1, 1, 1, -9, 0]), 2).tolist()
    [0, 1, 5, 6, 7]
    """
    n = len(x)
    if n <= 2 * intervals + 2:
        return np.arange(n)
    # the interval (n,) of each point
    place = (x - x[0]) / (x[-1] - x[0] or 1.0) * intervals
    place = np.minimum(place.astype(np.int64), intervals - 1)
    finite = np.isfinite(y)
    # by interval, the finite values first, in ascending order
    order = np.lexsort((np.where(finite, y, 0.0), ~finite, place))
    firsts = np.searchsorted(place[order], np.unique(place))
    # of finite values in each interval, (intervals,)
    number = np.add.reduceat(finite[order].astype(np.int64), firsts)
    lowest = order[firsts]
    highest = order[firsts + np.maximum(number, 1) - 1]
    return np.unique(np.concatenate([[0, n - 1], lowest, highest]))


def spread_out(values: NDArray[np.floating], most: int) -> NDArray[np.int64]:
    """Which of n values to show, as ascending indices: at most so many, evenly along their order.

    The smallest and the largest are among them.

    >>> spread_out(np.array([3.0, 1.0, 2.0, 5.0, 4.0]), 3).tolist()
    [0, 1, 3]
    """
    order = np.argsort(values, kind="stable")
    if len(order) <= most:
        return np.arange(len(order))
    return np.sort(order[np.linspace(0, len(order) - 1, most).round().astype(int)])
