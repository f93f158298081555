"""Factorised support: does every combination of the values of two latents occur?"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.classifiers import standardise
from unweave.metrics.estimators.covariances import LONELY, among_latents
from unweave.settings import Setting

BATCH = 128
BATCHES = 10


@metric(
    measures=("independence",),
    range=(0.0, math.inf),
    direction="lower",
    tables="codes",
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    draws=True,
)
def factorised_support(
    table: Table,
    *,
    batch: Annotated[int, Setting("rows of a batch", low=2, high=10_000)] = BATCH,
    batches: Annotated[int, Setting("batches of rows", low=1, high=10_000)] = BATCHES,
) -> Measured:
    """Distance of the codes' support from the product of its latents' supports, 0 or more, lower is
    better.

    For each pair of latents i < j, max over rows a and b of min over rows c of ||(z_ai, z_bj) -
    (z_ci, z_cj)||^2: the Hausdorff distance, squared, of the product of two supports to the support
    of the pair. The value is the sum over pairs, the mean over batches of rows. Correlated latents
    score as well as independent ones, as long as every combination can occur.

    batch, batches: rows that a distance is taken over, and how many times; the distance falls as a
        batch grows, so compare scores at one batch size only. matrix: the mean squared distance of
        each pair, (D, D).

    Source: Roth et al. 2023, eq. 4 and 5 (all pairs). **Departures**: latents are standardised
    first, since the distance is in squared units of the codes; batches are drawn by seed. A single
    wild code is a corner of its own: robust it is not. Finite batches of independent latents do not
    score 0: read it beside the null floor.
    """
    if len(table.latents) < 2:
        return Measured(math.nan, "", reason=LONELY)
    rng = table.rng("batches of factorised_support")
    p = None
    if table.weights is not None:
        p = table.weights / table.weights.sum()
    (z,) = standardise(table.codes, weights=table.weights)
    size = min(batch, table.n)
    times = table.most(batches)
    if size == table.n:  # every batch would be the same rows
        times = 1
    chosen = (rng.choice(table.n, size, replace=p is not None, p=p) for _ in range(times))
    # (D, D): mean over the batches
    gaps = np.mean([support_gaps(z[rows]) for rows in chosen], 0)
    pairs = np.triu_indices(z.shape[1], 1)
    estimator = f"all corners of {times} batches of {size} rows drawn by seed {table.seed}"
    return Measured(float(gaps[pairs].sum()), estimator, matrix=among_latents(table, gaps))


def support_gaps(z: np.ndarray) -> np.ndarray:
    """Squared Hausdorff distance of the product of two columns' supports to their support, (D, D),
    0 on the diagonal.

    >>> print(support_gaps(np.array([[0.0, 0.0], [3.0, 4.0]])))
    [[0. 9.]
     [9. 0.]]
    """
    d = z.shape[1]
    # (N, N) of each latent
    squared = [((column[:, None] - column) ** 2).astype(np.float32) for column in z.T]
    gaps = np.zeros((d, d))
    for i in range(d):
        for j in range(i + 1, d):
            # corners (a, b) by codes c, of which the nearest c, then the farthest corner; a few
            # rows a at a time stay in the cache
            pieces = np.array_split(squared[i], len(z) // 16 + 1)
            farthest = max((some[:, None] + squared[j]).min(2).max() for some in pieces)
            gaps[i, j] = farthest
            gaps[j, i] = farthest
    return gaps
