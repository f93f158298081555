"""MIG-sup (Li et al., 2020): the information gap seen from the latents."""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.information import Bins, information, runner_up, too_few


@metric(
    measures=("modularity",),
    invariant=("permutation", "sign", "scale", "dead latents", "outlier"),
    falls=("rotation", "noise latents"),
    protocols=("unweave", "laforge"),
    error="jackknife",
)
def mig_sup(table: Table, *, bins: Bins = None) -> Measured:
    """MIG-sup, from 0 to 1, higher is better: does each latent know of one factor only?

    Mean over latents of I(z_j; v_k1) / H(v_k1) - I(z_j; v_k2) / H(v_k2), k1 and k2 the factors of
    the largest and second largest normalised information. Latents of noise score 0 and drag the
    mean down: a perfect code with 4 spare latents beside 6 scores .60, so say which latents are
    active.

    parts: `gap` and `best` of every latent. matrix: I(z_j; v_k) / H(v_k).

    Source: Li et al. 2020, eq. 12. **Departures**: chance-corrected information; latents that never
    vary are left out. Under protocol laforge, 10 plug-in bins and H of the code in place of H(v),
    which is a fault of that code.
    """
    if len(table.varying) < 2:
        return Measured(math.nan, "", reason="one factor: no second one to compare with")
    reason = too_few(table, bins)
    if reason:
        return Measured(math.nan, "", reason=reason)
    found = information(table, bins)
    by = found.factors
    if table.protocol == "laforge":
        by = found.codes
    normalised = found.mutual / np.where(by > 0, by, np.nan)  # (D, K)
    # (D,) each: of the factors that a latent knows best and second best
    best, second = runner_up(normalised, axis=1)
    # the best factors by their numbers among those that were given
    chosen = np.array(table.varying)[normalised.argmax(1)]
    latents = {"gap": best - second, "best": chosen}
    return Measured(mean(best - second), found.estimator, latents=latents, matrix=normalised)
