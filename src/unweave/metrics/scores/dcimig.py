"""DCIMIG (Sepliarskaia et al., 2019): information gaps of latents, credited to the factors."""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.information import Bins, information, runner_up, too_few


@metric(
    measures=("modularity", "explicitness"),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "laforge"),
    error="jackknife",
)
def dcimig(table: Table, *, bins: Bins = None) -> Measured:
    """DCIMIG, from 0 to 1, higher is better.

    Each latent's gap between the two factors it knows best (nats) is credited to the best of them;
    each factor keeps its largest credit; the score is the sum of credits over the sum of H(v_k).
    Copies of a code do not lower it, and factors of many values weigh more.

    parts: `credit` (nats) of every factor, `gap` of every latent. matrix: I(z_j; v_k) in nats.

    Source: Sepliarskaia et al. 2019, "3CharM" and DCIMIG. **Departures**: chance-corrected
        information.
    """
    if len(table.varying) < 2:
        return Measured(math.nan, "", reason="one factor: no second one to compare with")
    reason = too_few(table, bins)
    if reason:
        return Measured(math.nan, "", reason=reason)
    found = information(table, bins)
    best, second = runner_up(found.mutual, axis=1)  # (D,) each, in nats
    # (D,) -> (K,): each latent's gap goes to its best factor, which keeps the largest
    credit = np.zeros(len(table.varying))
    np.maximum.at(credit, found.mutual.argmax(1), best - second)
    return Measured(
        float(credit.sum() / found.factors.sum()),
        found.estimator,
        latents={"gap": best - second},
        factors={"credit": credit},
        matrix=found.mutual,
        pairwise=True,
    )
