"""Joint entropy minus mutual information gap (Do and Tran, 2020): one latent for a factor, and
nothing else in it.
"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.information import Bins, information, runner_up, too_few

SAME = 1e-9  # nats; as much information, but for rounding


@metric(
    measures=("modularity", "compactness", "explicitness"),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "laforge"),
    error="jackknife",
)
def jemmig(table: Table, *, bins: Bins = None) -> Measured:
    """Normalised JEMMIG, from 0 to 1, higher is better.

    For each factor, with j1 and j2 the latents that know most and second most of it, JEMMIG_k =
    H(z_j1, v_k) - I(z_j1; v_k) + I(z_j2; v_k) nats, lower is better, and the score is the mean over
    k of 1 - JEMMIG_k / (H(v_k) + log B), where B is the number of bins of z_j1.

    parts: `jemmig` (nats, raw) and `normalised` of every factor. matrix: I(z_j; v_k) in nats.

    Source: Do and Tran 2020, eq. 8, normalised as in the appendix of Carbonneau et al. 2022.
    **Departures**: chance-corrected information. Noise inside a code is punished, so a perfect but
    noisy code scores well below 1.
    """
    if table.width < 2:
        return Measured(math.nan, "", reason="one latent: no runner-up to compare with")
    reason = too_few(table, bins)
    if reason:
        return Measured(math.nan, "", reason=reason)
    found = information(table, bins)
    best, second = runner_up(found.mutual)  # (K,) each
    # of latents that know as much, the one that holds least beside it, never the one whose column
    # comes first
    as_much = found.uncut >= found.uncut.max(0) - SAME
    j = np.where(as_much, found.joint, np.inf).argmin(0)  # (K,)
    k = np.arange(len(table.varying))
    raw = found.joint[j, k] - best + second
    # the largest value that raw can have: H(v_k) + log B
    most = found.factors + np.log(found.bins[j])
    normalised = 1 - raw / np.where(most > 0, most, np.nan)
    factors = {"jemmig": raw, "normalised": normalised}
    return Measured(mean(normalised), found.estimator, factors=factors, matrix=found.mutual)
