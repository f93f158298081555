"""OMES (Dapueto et al., 2024): overlap and multiple encoding, from pairs of images that differ in
one factor.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.classifiers import standardise
from unweave.metrics.tables.one_factor import enough, pair_weights, pairs
from unweave.settings import Setting


@metric(
    measures=("modularity", "compactness"),
    invariant=("permutation", "sign", "scale", "dead latents"),
    falls=("rotation",),
    draws=True,
)
def omes(
    table: Table,
    *,
    alpha: Annotated[
        float, Setting("weight of the overlap beside the multiple encoding", low=0, high=1)
    ] = 0.5,
    pool: Literal["mean", "max"] = "mean",
) -> Measured:
    """OMES, from 0 to 1, higher is better; noise scores about (1/K + 1/D) / 2.

    c_jk = 1 - max(0, corr(z_j, z'_j)) over pairs of images that differ in factor k alone: 0 if a
    change of k leaves latent j as it was, 1 if nothing of it remains. With e the unit vector, the
    overlap score OS_jk = 1 - mean over factors of |e_k - c_j.| is high if latent j moves with k
    only, and the multiple encoding score MES_jk = 1 - mean over latents of |e_j - c_.k| if k moves
    latent j only. A factor's score is alpha OS + (1 - alpha) MES, each c_jk OS_jk pooled over
    latents; the value is the mean over factors.

    alpha: 1 for overlap (modularity) alone, 0 for multiple encoding (compactness) alone.
    pool: "mean" over latents, weighted by c, or "max", the best latent.
    parts: `overlap`, `multiple_encoding`, `score` of every factor. matrix: c.

    Source: Dapueto et al. 2024, section 3 (their S, OS, MES and pooling). **Departures**: a
    correlation below 0 counts as 0, where the authors' code takes |corr|: in pairs that differ, the
    values of a binary factor are exactly opposed, and a perfect code of it would count as knowing
    nothing. Latents are not pruned by their standard deviation, which depends on units; those that
    never vary are left out. Pairs come from rows of the table. A latent that is all noise changes
    with every factor, and counts as knowing them all.
    """
    if len(table.varying) < 2:
        return Measured(math.nan, "", reason="one factor: nothing to overlap with")
    has, few = enough(table)
    if len(has) < 2:
        return Measured(math.nan, "", reason=few)
    found = pairs(table)
    (z,) = standardise(table.codes, weights=table.weights)
    # (D, K): how much of each latent a change of one factor changes, of factors with enough pairs
    c = np.stack([_changes(z, found[k], pair_weights(table, found[k])) for k in has], 1)
    # c OS and c MES, (D, K), pooled over latents to (K,)
    overlap = c * _apart(c)
    multiple = c * _apart(c.T).T
    if pool == "max":
        overlap_k = overlap.max(0)
        multiple_k = multiple.max(0)
    else:
        total = np.where(c.sum(0) > 0, c.sum(0), 1)
        overlap_k = (overlap * c).sum(0) / total
        multiple_k = (multiple * c).sum(0) / total
    per_factor = {"overlap": overlap_k, "multiple_encoding": multiple_k}
    per_factor["score"] = alpha * overlap_k + (1 - alpha) * multiple_k
    # parts of the factors with too few pairs are NaN
    shape = (len(table.latents), len(table.varying))
    factors = {name: np.full(shape[1], math.nan) for name in per_factor}
    matrix = np.full(shape, math.nan)
    matrix[:, has] = c
    for name, part in per_factor.items():
        factors[name][has] = part
    count = sum(len(found[k]) for k in has)
    drawn = f"{count} pairs of rows that differ in one factor, drawn by seed {table.seed}"
    estimator = f"{drawn}, {pool} over latents"
    value = float(per_factor["score"].mean())
    return Measured(value, estimator, factors=factors, matrix=matrix, reason=few)


def _changes(codes: np.ndarray, rows: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """1 - correlation of each latent between the two of a pair, from 0 to 1, (D,)."""
    a = codes[rows[:, 0]]  # (P, D)
    b = codes[rows[:, 1]]
    # mean and variance of both members together, since each pair counts in both orders
    centre = np.average(0.5 * (a + b), 0, weights)
    a = a - centre
    b = b - centre
    spread = np.average(0.5 * (a**2 + b**2), 0, weights)
    still = spread <= 1e-24 * np.maximum(centre**2, 1e-300)
    correlation = np.average(a * b, 0, weights) / np.where(still, 1, spread)
    return np.where(still, 0.0, np.clip(1 - correlation, 0, 1))


def _apart(c: np.ndarray) -> np.ndarray:
    """1 - mean over k' of |e_k - c_jk'|, for every j and k, (D, K).

    >>> print(_apart(np.array([[1.0, 0.0], [1.0, 1.0]])))
    [[1.  0. ]
     [0.5 0.5]]
    """
    size = c.shape[1]
    # of |e_k - c_j.| all entries but the k-th are c, and the k-th is |1 - c_jk|
    return 1 - (c.sum(1, keepdims=True) - c + np.abs(1 - c)) / size
