"""Quantiles of rows that may have weights, and codes without their tails."""

from __future__ import annotations

import numpy as np

SHORT = 100


def quantiles(
    column: np.ndarray, shares: float | np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Quantiles of a column (n,), linear between neighbouring rows as numpy has them; shares from 0
    to 1.

    weights: (n,), above 0. A row of twice the mean weight stands for two rows.

    >>> column, weights = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0])
    >>> print(quantiles(column, 0.5), quantiles(column, 0.5, weights).round(2))
    2.0 2.33
    """
    if weights is None:
        return np.asarray(np.quantile(column, shares))
    order = np.argsort(column, kind="stable")
    mass = weights[order] * (len(column) / weights.sum())
    # a row of weight m stands at the places start to start + m - 1, so at one place if m is 1 or less
    start = np.cumsum(mass) - mass
    places = np.stack([start, np.maximum(start, start + mass - 1)], 1).ravel()
    return np.asarray(
        np.interp(np.asarray(shares) * places[-1], places, np.repeat(column[order], 2))
    )


def quantile_of_rows(z: np.ndarray, share: float, weights: np.ndarray | None = None) -> np.ndarray:
    """The same quantile of every row of z (D, n), (D,), as `quantiles` has them; weights: (n,).

    Without weights one selection per row, where numpy's own takes four.

    >>> print(quantile_of_rows(np.array([[3.0, 1.0, 2.0], [5.0, 5.0, 9.0]]), 0.75))
    [2.5 7. ]
    """
    if weights is not None:
        return np.array([quantiles(row, share, weights) for row in z])
    below, above, rest = around_quantile(z, share, z.shape[1])
    return below + rest * (above - below)


def around_quantile(z: np.ndarray, share: float, of: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The two numbers, (D,) each, between which a quantile lies, and how far from the first to the second.

    of: among so many numbers: the largest of each row (D, n), or, where these are more, all of a row
        beside others that lie below them; the quantile is above those. The rows are reordered.
    """
    place = share * (of - 1)
    rest = place - int(place)
    low = int(place) - of + z.shape[1]
    z.partition(low, axis=1)
    below = z[:, low].copy()
    above = z[:, low + 1 :].min(1) if rest else below
    return below, above, rest


def ends(z: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The 0.1 % and 99.9 % quantiles of each column of z (N, D), (D,) each; at least one row lies
    beyond, or N is 1.
    """
    n = len(z)
    if weights is None:
        cut = min(max(1, n // 1000), n - 1)
        latents = np.ascontiguousarray(z.T)
        # one place after the other: numpy takes four times as long to find two at once
        low, high = (np.partition(latents, at, axis=1)[:, at] for at in (cut, n - 1 - cut))
        return low, high
    columns = np.arange(z.shape[1])
    order = np.argsort(z, axis=0)  # (N, D), ascending
    low = np.take_along_axis(z, order, 0)[_beyond(weights[order]), columns]
    order = order[::-1]  # descending
    high = np.take_along_axis(z, order, 0)[_beyond(weights[order]), columns]
    return low, high


def _beyond(weights: np.ndarray) -> np.ndarray:
    """How many rows of weights (N, D), from the first on, lie beyond a thousandth of all weight; at
    least one.
    """
    mass = np.cumsum(weights, axis=0)
    return np.clip((mass <= mass[-1] / 1000).sum(0), 1, len(weights) - 1)


def without_tails(
    z: np.ndarray, *others: np.ndarray, weights: np.ndarray | None = None
) -> list[np.ndarray]:
    """Codes z (N, D) cut at their `ends`, and others cut there too; all as they are if z has fewer
    than 100 rows.
    """
    if len(z) < SHORT:
        return [z, *others]
    low, high = ends(z, weights)
    return [np.clip(codes, low, high) for codes in (z, *others)]
