"""Interventional robustness score (Suter et al., 2019): does a latent stay the same while other
factors change?
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.deviations import quantile_of_distances, quantiles_within
from unweave.metrics.estimators.information import BINS
from unweave.metrics.estimators.quantiles import without_tails
from unweave.metrics.tables.kinds import factor_levels
from unweave.settings import Setting


@metric(
    measures=("modularity",),
    invariant=("permutation", "sign", "dead latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "dlib", "dlib-2018"),
    error="jackknife",
)
def irs(
    table: Table,
    *,
    quantile: Annotated[
        float, Setting("share of the deviations that count", above=0, high=1)
    ] = 0.99,
) -> Measured:
    """Interventional robustness score, from 0 to 1, higher is better.

    A latent's robustness when factor k is fixed is 1 - (mean over values v of k of the largest
    |z_j - E[z_j | v]| among rows with that value) / (the largest |z_j - E z_j|): 1 if the other factors
    do not move it. A latent's score is that of its best factor; the value is the mean over latents,
    weighted by their largest deviation, so that latents that hardly move hardly count.

    quantile: what counts as the largest within a value of a factor; 1.0 is the paper's maximum.
    parts: `robustness` of every latent, `parent`, its best factor, `weight`. matrix: robustness by
        latent and factor.

    Source: Suter et al. 2019, section 4 (rows stand in for interventions, which holds if factors
    are independent and nothing else moves the image); disentanglement_lib's `IRS` under protocol
    dlib, which bins factors of many values into 20. **Departures**: codes are cut at their 0.1 %
    and 99.9 % quantiles (at least one row at each end of 100 or more), and the normaliser is the
    same quantile as in the numerator, since one wild code decides a maximum and moves a mean; a
    robustness below 0 counts as 0. Latents in larger units weigh more, as there. Noise in a latent,
    even small, is a movement that no factor explains; few rows per value make every deviation look
    small.
    """
    literal = table.protocol.startswith("dlib")
    z = np.asfortranarray(table.codes, np.float64)  # the rows of a latent side by side
    w = table.weights
    if not literal:
        (z,) = without_tails(z, weights=w)
    v = _binned(table) if literal else factor_levels(table)
    latents = np.ascontiguousarray(z.T)  # (D, N)
    # (D,): the largest deviation of each latent
    most = quantile_of_distances(latents, 1.0 if literal else quantile, w)
    # (values, D) of each factor -> (D, K): deviations among the rows with each value, mean over values
    moved = [of_values.mean(0) for of_values in quantiles_within(latents, v, quantile, w)]
    matrix = 1 - np.stack(moved, 1) / np.where(most > 0, most, np.nan)[:, None]
    moving = most > 0
    if not moving.any():
        return Measured(math.nan, "", reason="no latent moves beyond its quantile")
    if not literal:
        matrix = np.where(matrix < 0, 0.0, matrix)
    robustness = np.full(len(most), math.nan)
    parent = np.full(len(most), math.nan)
    robustness[moving] = matrix[moving].max(1)
    parent[moving] = np.array(table.varying)[matrix[moving].argmax(1)]
    return Measured(
        float(np.average(robustness[moving], weights=most[moving])),
        f"quantile {quantile:g} over {table.n} rows, {moving.sum()} latents",
        latents={"robustness": robustness, "parent": parent, "weight": most},
        matrix=matrix,
    )


def _binned(table: Table) -> np.ndarray:
    """Factors in 20 bins from their smallest to their largest value, as disentanglement_lib has
    them; -1 if unknown.
    """
    index = np.full(table.factors.shape, -1)
    for k, column in enumerate(table.factors.T):
        known = ~np.isnan(column)
        bins = np.digitize(column[known], np.histogram_bin_edges(column[known], BINS)[:-1])
        index[known, k] = np.unique(bins, return_inverse=True)[1]
    return index
