"""Correlations of latents with factors, of values or of ranks, and the latent that each factor is assigned."""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.estimators.classifiers import in_exact_units, standardise
from unweave.metrics.tables.table import Table


def correlations(table: Table, *, ranked: bool) -> np.ndarray:
    """Absolute correlation of every latent with every factor, (D, K), over the rows where the factor is known.

    ranked: of the ranks, which is Spearman's. 0 for a latent and NaN for a factor that does not vary in these rows.
    """
    unknown = np.isnan(table.factors)
    whole, w = not unknown.any(), table.weights
    z = ranks(table.codes, w) if ranked and whole else standardise(table.codes, weights=w)[0]
    matrix = np.zeros((z.shape[1], unknown.shape[1]))
    for k, column in enumerate(in_exact_units(table.factors).T):
        known = slice(None) if whole else ~unknown[:, k]
        codes, v, weights = z[known], column[known], None if w is None else w[known]
        if ranked:
            codes, v = codes if whole else ranks(codes, weights), ranks(v[:, None], weights)[:, 0]
        matrix[:, k] = _correlate(codes, v, np.ones(len(v)) if weights is None else weights)
    return matrix


def _correlate(z: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """|corr| of the columns of z (n, D) with v (n,), rows weighted by w; einsum adds in one order on any machine."""
    if not len(v) or not np.ptp(v) > 0:
        return np.full(z.shape[1], math.nan)
    share = w / w.sum()
    z, v = z - np.einsum("n,nd->d", share, z), v - np.einsum("n,n->", share, v)
    spread = np.einsum("n,nd,nd->d", share, z, z) * np.einsum("n,n,n->", share, v, v)
    covariance = np.abs(np.einsum("n,n,nd->d", share, v, z))
    return np.minimum(np.divide(covariance, np.sqrt(spread), out=np.zeros_like(spread), where=spread > 0), 1)


def ranks(z: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Rank of every value in its column of z (n, D): the weight of the rows below it and half of those equal to it.

    >>> ranks(np.array([[5.0], [1.0], [5.0], [7.0]]))[:, 0]
    array([2. , 0.5, 2. , 3.5])
    """
    ranked = np.empty(z.shape)
    for j, column in enumerate(z.T):
        _, place = np.unique(column, return_inverse=True)
        mass = np.bincount(place, weights)
        ranked[:, j] = (np.cumsum(mass) - mass / 2)[place]
    return ranked


def assign(matrix: np.ndarray) -> np.ndarray:
    """The latent of each factor, (K,), all different, with the largest sum of matrix (D, K); -1 for none left.

    >>> print(assign(np.array([[0.9, 0.8], [0.7, 0.1]])))
    [1 0]
    """
    from scipy.optimize import linear_sum_assignment

    latents = np.full(matrix.shape[1], -1)
    rows, columns = linear_sum_assignment(np.nan_to_num(matrix), maximize=True)
    latents[columns] = rows
    return latents
