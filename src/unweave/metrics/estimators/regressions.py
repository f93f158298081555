"""Regressions of factors on codes, by least squares and with a kernel, and the share of variance
they explain.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from unweave.metrics.estimators.quantiles import quantiles

KERNEL_ROWS = 1_000
PENALTIES = 10.0 ** np.arange(-5, 2)
Regression = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def alike(known: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Groups of factors that are known in exactly the same rows: masks (n,) and columns of known
    (n, K).

    A factor that is known nowhere is left out.
    """
    columns: dict[bytes, list[int]] = {}
    for k, rows in enumerate(known.T):
        columns.setdefault(rows.tobytes(), []).append(k)
    found = [(known[:, same[0]], np.array(same)) for same in columns.values()]
    return [(rows, same) for rows, same in found if rows.any()]


def determination(v: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """1 - unexplained / whole variance; NaN where v does not vary.

    >>> determination(np.array([0.0, 2.0]), np.array([0.5, 1.5]), np.ones(2))
    0.75
    """
    if not weights.sum() > 0 or not np.ptp(v) > 0:
        return math.nan
    whole = np.average((v - np.average(v, weights=weights)) ** 2, weights=weights)
    if not whole > 0:
        return math.nan
    return float(1 - np.average((v - predicted) ** 2, weights=weights) / whole)


def least_squares(z: np.ndarray, v: np.ndarray, w: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Predictions (m, K) at new (m, D) of the weighted least-squares plane through z (n, D) and
    v (n, K).
    """
    # rows times the root of their weight, and a column of ones for the offset
    root = np.sqrt(w)[:, None]
    design = np.hstack([z, np.ones((len(z), 1))])
    plane = np.linalg.lstsq(root * design, root * v, rcond=None)[0]
    return np.hstack([new, np.ones((len(new), 1))]) @ plane


def kernel_ridge(z: np.ndarray, v: np.ndarray, w: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Predictions (m, K) at new (m, D) by kernel ridge regression on z (n, D), v (n, K) with
    weights w > 0.

    A = R (R k R + penalty)^-1 R, R = sqrt(w); the leave-one-out residual is (A v)_i / A_ii
    (ridge regression in dual form), for all penalties from one eigendecomposition.
    """
    distance = _distances(z, z)  # (n, n)
    width = _median_distance(distance, w)
    # eigenvectors of R k R, once for all penalties
    root = np.sqrt(w / w.mean())
    values, vectors = np.linalg.eigh(root[:, None] * np.exp(-distance / (2 * width)) * root)
    centre = np.average(v, 0, w)
    loads = vectors * root[:, None]
    target = loads.T @ (v - centre)  # (n, K)
    # (n, K): the coefficients with the least leave-one-out error of each factor
    best = np.zeros(target.shape)
    least = np.full(v.shape[1], np.inf)
    for penalty in PENALTIES * len(z):
        inverse = 1 / (np.maximum(values, 0) + penalty)
        left_out = loads @ (inverse[:, None] * target) / (loads**2 @ inverse)[:, None]
        error = np.average(left_out**2, 0, w)
        better = error < least
        best[:, better] = inverse[:, None] * target[:, better]
        least = np.where(better, error, least)
    return np.exp(-_distances(new, z) / (2 * width)) @ (loads @ best) + centre


def _median_distance(distance: np.ndarray, w: np.ndarray) -> float:
    """Median of the squared distances (n, n) of different rows, each pair weighted by its weights;
    1 if it is 0.
    """
    if len(distance) < 2:
        return 1.0
    pairs = np.triu_indices(len(distance), 1)
    together = None
    if np.ptp(w) > 0:
        together = (w[:, None] * w)[pairs]
    median = float(quantiles(distance[pairs], 0.5, together))
    if not median > 0:
        return 1.0
    return median


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances (n, m) between rows."""
    from scipy.spatial.distance import cdist

    return cdist(a, b, "sqeuclidean")
