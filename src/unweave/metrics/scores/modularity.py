"""Modularity (Ridgeway and Mozer, 2018): does each latent have information on one factor only?"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.information import (
    Bins,
    beyond_chance,
    information,
    informative,
    too_few,
)


@metric(
    measures=("modularity",),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "dlib", "dlib-2018", "laforge"),
    error="jackknife",
)
def modularity(table: Table, *, bins: Bins = None) -> Measured:
    """Modularity, from 0 to 1, higher is better; noise scores .9 to 1, so read it beside its null
    floor.

    For every latent, 1 - sum over the other factors of m_jk^2 / (max_k m_jk^2 (K - 1)) with m_jk =
    I(z_j; v_k); the mean over latents.

    parts: `modularity` of every latent and `best`, its factor. matrix: I(z_j; v_k) in nats.

    Source: Ridgeway and Mozer 2018, section 3 (their delta). **Departures**: a latent that never
    varies, or shares no more information with the factors than chance, has no template and is left
    out (unless none shares more: then all count); under protocol dlib every latent counts, and one
    without information is 0.
    """
    if len(table.varying) < 2:
        return Measured(math.nan, "", reason="one factor: every latent is modular")
    reason = too_few(table, bins)
    if reason:
        return Measured(math.nan, "", reason=reason)
    found = information(table, bins)
    squares = found.mutual**2  # (D, K)
    most = squares.max(1)
    # a latent without information has no template to compare with
    counted = most > 0
    if table.protocol == "unweave":
        counted = counted & informative(table)
    per_latent = np.full(len(most), math.nan)
    if table.protocol.startswith("dlib"):
        per_latent[:] = 0.0
    # 1 - what is known of the other factors, over K - 1 times what is known of the best
    rest = squares[counted].sum(1) - most[counted]
    per_latent[counted] = 1 - rest / (most[counted] * (squares.shape[1] - 1))
    chosen = np.array(table.varying)[squares.argmax(1)]
    left_out = np.isnan(per_latent)
    return Measured(
        mean(per_latent),
        found.estimator,
        latents={"modularity": per_latent, "best": np.where(counted, chosen, np.nan)},
        matrix=found.mutual,
        reason=beyond_chance(table, left_out),
    )
