"""MED (Cao et al., 2022): DCI's disentanglement with mutual information as importance; no model is
fitted.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.importances import disentanglement
from unweave.metrics.estimators.information import Bins, information, shared, too_few
from unweave.settings import Setting


@metric(
    measures=("modularity",),
    invariant=("permutation", "sign", "scale", "dead latents", "outlier"),
    falls=("rotation",),
    error="jackknife",
)
def med(
    table: Table,
    *,
    bins: Bins = None,
    top: Annotated[int | None, Setting("latents kept for each factor", low=1, high=10_000)] = None,
) -> Measured:
    """MED, from 0 to 1, higher is better.

    R_jk = I(z_j; v_k) / sum over j of I(z_j; v_k), then the disentanglement of DCI: sum over
    latents of rho_j (1 - H_K(R_j.)). Pairs that share no more information than chance count 0:
    normalised, their noise would be as important as all that is known, and as disentangled as the
    few rows make it. A code of which no pair shares more is 0.

    top: keep for every factor only the `top` most disentangled latents among those that know it
        best; meant for wide codes of self-supervised models, in which most latents know a little of
        everything.
    parts: `disentanglement` of every latent, NaN where it was not kept. matrix: R.

    Source: Cao et al. 2022, section 3 (MED and top-k MED). **Departures**: chance-corrected
        information, and no noise.
    """
    if len(table.varying) < 2:
        return Measured(math.nan, "", reason="one factor: every latent is modular")
    reason = too_few(table, bins)
    if reason:
        return Measured(math.nan, "", reason=reason)
    found = information(table, bins)
    # (D, K): information beyond chance, and as shares of what all latents know of a factor
    known = np.where(shared(table), found.mutual, 0.0)
    total = known.sum(0)
    importance = known / np.where(total > 0, total, 1)
    value = 0.0
    per_latent = np.full(len(known), math.nan)
    reason = "no latent shares more information with a factor than chance"
    if total.any():
        value, per_latent = disentanglement(importance)
        reason = ""
    estimator = found.estimator
    if top is not None:
        estimator += f", top {top}"
        dropped = _beyond(top, importance, per_latent)
        if total.any():
            value, _ = disentanglement(np.where(dropped[:, None], 0, importance))
        per_latent = np.where(dropped, np.nan, per_latent)
    return Measured(
        value,
        estimator,
        latents={"disentanglement": per_latent},
        matrix=importance,
        reason=reason,
    )


def _beyond(top: int, importance: np.ndarray, per_latent: np.ndarray) -> np.ndarray:
    """Which latents are not among the `top` most disentangled ones of the factor they know best,
    (D,) bool.
    """
    dropped = np.ones(len(importance), bool)
    # latents by disentanglement, the best first, and the factor that each knows best, (D,) each
    ranked = np.argsort(-np.nan_to_num(per_latent, nan=-1), kind="stable")
    owner = importance.argmax(1)
    for k in range(importance.shape[1]):
        of_factor = [j for j in ranked if owner[j] == k]
        dropped[of_factor[:top]] = False
    return dropped | np.isnan(per_latent)
