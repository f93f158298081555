"""Mean mutual information of pairs of latents."""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.contingency import from_indices
from unweave.metrics.estimators.counts import of_table
from unweave.metrics.estimators.covariances import LONELY, among_latents
from unweave.metrics.estimators.information import Bins, bins_name, bins_of, code_bins, too_few


@metric(
    measures=("independence",),
    range=(0.0, math.inf),
    direction="lower",
    tables="codes",
    invariant=("permutation", "sign", "scale", "dead latents"),
    protocols=("unweave", "dlib", "dlib-2018"),
    error="jackknife",
)
def pairwise_mi(table: Table, *, bins: Bins = None) -> Measured:
    """Mean mutual information of two latents in nats, 0 or more, lower is better.

    Mean of I(z_i; z_j) over the pairs i < j, of codes in 20 bins. It sees dependence that is not
    linear, but only in
    pairs: three latents can determine each other and be independent two by two.

    matrix: I(z_i; z_j) in nats, (D, D); on the diagonal the entropy of the binned latent.

    Source: Locatello et al. 2019; disentanglement_lib's `mutual_info_score`. **Departures**:
    information is chance-corrected and bins are robust to outliers, except under protocol dlib,
    where 1,000 rows of noise score about .17.
    """
    if len(table.latents) < 2:
        return Measured(math.nan, "", reason=LONELY)
    reason = too_few(table, bins)
    if reason:
        return Measured(math.nan, "", reason=reason)
    bins = bins_of(table, bins)
    z = code_bins(table, bins)
    name = bins_name(table, bins)
    counts = of_table(table, name, name)
    found = from_indices(z, z, table.weights, corrected=table.protocol == "unweave", counts=counts)
    pairs = found.uncut[np.triu_indices(len(table.latents), 1)]
    estimator = f"{found.estimator}, {bins} bins"
    matrix = among_latents(table, found.mutual)
    return Measured(float(pairs.mean()), estimator, matrix=matrix, pairwise=True)
