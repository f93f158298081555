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
    v = in_exact_units(table.factors)
    whole = ~unknown.any(0)  # (K,)
    matrix = np.zeros((table.codes.shape[1], v.shape[1]))
    if not ranked or not whole.all():
        (z,) = standardise(table.codes, weights=table.weights)
    # all factors that are known in every row at once
    if whole.any():
        known = v[:, whole]
        if ranked:
            codes = _ranks_of_codes(table)
            of_factors = ranks(known, table.weights)
        else:
            codes = z
            of_factors = known
        matrix[:, whole] = _correlate(codes, of_factors, table.row_weights())
    # the others one by one, each over its own rows
    for k in np.flatnonzero(~whole):
        known = ~unknown[:, k]
        weights = weights_of(table.weights, known)
        codes = z[known]
        of_factor = v[known, k : k + 1]
        if ranked:  # among the rows where this factor is known
            codes = ranks(codes, weights)
            of_factor = ranks(of_factor, weights)
        matrix[:, k : k + 1] = _correlate(codes, of_factor, or_ones(weights, len(codes)))
    return matrix


def _correlate(z: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """|corr| (D, K) of the columns of z (n, D) with those of v (n, K), rows weighted by w (n,)."""
    found = np.full((z.shape[1], v.shape[1]), math.nan)
    if not len(v):
        return found
    share = w / w.sum()
    # about the weighted means
    z = z - np.einsum("n,nd->d", share, z)
    varies = np.ptp(v, 0) > 0  # (K,)
    v = v[:, varies]
    v = v - np.einsum("n,nk->k", share, v)
    # (D, K): product of the variances, and |covariance|
    spread = np.outer(np.einsum("n,nd,nd->d", share, z, z), np.einsum("n,nk,nk->k", share, v, v))
    covariance = np.abs(z.T @ (share[:, None] * v))
    shares = np.divide(covariance, np.sqrt(spread), out=np.zeros_like(spread), where=spread > 0)
    found[:, varies] = np.minimum(shares, 1)
    return found


def _ranks_of_codes(table: Table) -> np.ndarray:
    """Ranks (N, D) of the codes; a copy with fewer rows keeps the order, and sorts nothing."""
    if "places of codes" not in table.bins:
        places = [np.unique(column, return_inverse=True)[1] for column in table.codes.T]
        table.bins["places of codes"] = np.stack(places, 1)
    return _ranks(table.bins["places of codes"], table.weights)


def ranks(z: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Rank of every value in its column of z (n, D): the weight of the rows below it and half of
    those equal to it.

    >>> ranks(np.array([[5.0], [1.0], [5.0], [7.0]]))[:, 0]
    array([2. , 0.5, 2. , 3.5])
    """
    places = [np.unique(column, return_inverse=True)[1] for column in z.T]
    return _ranks(np.stack(places, 1), weights)


def _ranks(places: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Ranks (n, D) of values by their places (n, D) among those that may occur."""
    ranked = np.empty(places.shape)
    for j, place in enumerate(places.T):
        mass = np.bincount(place, weights)  # of each different value
        ranked[:, j] = (np.cumsum(mass) - mass / 2)[place]
    return ranked


def assign(matrix: np.ndarray) -> np.ndarray:
    """Optimal assignment of a latent of its own to each factor, (K,): the largest sum of the matrix
    (D, K); -1 for none left.

    >>> print(assign(np.array([[0.9, 0.8], [0.7, 0.1]])))
    [1 0]
    """
    from scipy.optimize import linear_sum_assignment

    latents = np.full(matrix.shape[1], -1)
    rows, columns = linear_sum_assignment(np.nan_to_num(matrix), maximize=True)
    latents[columns] = rows
    return latents
