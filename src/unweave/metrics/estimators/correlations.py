"""Correlations of latents with factors, Pearson's or of ranks, and the assignment of latents to
factors.
"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.estimators.classifiers import in_exact_units, standardise
from unweave.metrics.estimators.row_weights import or_ones, weights_of
from unweave.metrics.tables.table import Table


def correlations(table: Table, *, ranked: bool) -> np.ndarray:
    """Absolute correlation of every latent with every factor, (D, K), over the rows where the
    factor is known.

    ranked: of the ranks, which is Spearman's. 0 for a latent and NaN for a factor that does not
        vary in these rows.
    """
    unknown = np.isnan(table.factors)
    whole = not unknown.any()
    if ranked and whole:
        z = ranks(table.codes, table.weights)
    else:
        (z,) = standardise(table.codes, weights=table.weights)
    matrix = np.zeros((z.shape[1], unknown.shape[1]))
    for k, column in enumerate(in_exact_units(table.factors).T):
        known = slice(None) if whole else ~unknown[:, k]
        codes = z[known]
        v = column[known]
        weights = weights_of(table.weights, known)
        if ranked:
            v = ranks(v[:, None], weights)[:, 0]
            if not whole:
                # ranks among the rows where this factor is known
                codes = ranks(codes, weights)
        matrix[:, k] = _correlate(codes, v, or_ones(weights, len(v)))
    return matrix


def _correlate(z: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """|corr| of the columns of z (n, D) with v (n,), rows weighted by w; einsum adds in one order
    on any machine.
    """
    if not len(v) or not np.ptp(v) > 0:
        return np.full(z.shape[1], math.nan)
    share = w / w.sum()
    z = z - np.einsum("n,nd->d", share, z)
    v = v - np.einsum("n,n->", share, v)
    # (D,): product of the variances, and |covariance|
    spread = np.einsum("n,nd,nd->d", share, z, z) * np.einsum("n,n,n->", share, v, v)
    covariance = np.abs(np.einsum("n,n,nd->d", share, v, z))
    found = np.divide(covariance, np.sqrt(spread), out=np.zeros_like(spread), where=spread > 0)
    return np.minimum(found, 1)


def ranks(z: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Rank of every value in its column of z (n, D): the weight of the rows below it and half of
    those equal to it.

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
    """Optimal assignment of a latent of its own to each factor, (K,): the largest sum of matrix (D,
    K); -1 for none left.

    >>> print(assign(np.array([[0.9, 0.8], [0.7, 0.1]])))
    [1 0]
    """
    from scipy.optimize import linear_sum_assignment

    latents = np.full(matrix.shape[1], -1)
    rows, columns = linear_sum_assignment(np.nan_to_num(matrix), maximize=True)
    latents[columns] = rows
    return latents
