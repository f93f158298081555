"""How strongly each latent of one model is related to each latent of another."""

from __future__ import annotations

import numpy as np

PENALTY = 0.1  # of the lasso, on standardised codes


def lasso(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|weights| of a lasso from standardised codes (N, D) to (N, E), (D, E)."""
    from sklearn.linear_model import Lasso

    from unweave.metrics.estimators.classifiers import quietly

    with quietly():
        return np.abs(np.atleast_2d(Lasso(alpha=PENALTY).fit(a, b).coef_)).T


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|Spearman correlation| (D, E) of the columns of (N, D) and (N, E); 0 for constant columns."""
    from scipy.stats import rankdata

    # the correlation of standardised ranks
    x, y = (standardised(rankdata(z, axis=0)) for z in (a, b))
    return np.abs(x.T @ y) / len(a)


def partners(r: np.ndarray, pooled: bool = True) -> float:
    """Mean of max^2 / sum over the rows and columns of R (D, E): pooled, or the mean of both means.

    >>> r = np.array([[1.0, 0.0, 0.5]])
    >>> print(round(partners(r), 4), round(partners(r, pooled=False), 4))
    0.5417 0.5833
    """
    of_columns, of_rows = (_shares(r, axis) for axis in (0, 1))
    if pooled:
        return float(np.concatenate([of_columns, of_rows]).mean())
    return float(0.5 * (of_columns.mean() + of_rows.mean()))


def _shares(r: np.ndarray, axis: int) -> np.ndarray:
    """max^2 / sum of R (D, E) along an axis, 0 where the sum is 0."""
    total = r.sum(axis)
    return np.divide(r.max(axis) ** 2, total, out=np.zeros(len(total)), where=total > 0)


def standardised(z: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and variance 1; 0 where a column never varies."""
    z = z.astype(np.float64)
    spread = z.std(0)
    # equal numbers have the deviation of their rounding error
    still = spread <= 1e-12 * np.abs(z).max(0)
    return np.where(still, 0.0, (z - z.mean(0)) / np.where(still, 1, spread))
