"""Modularity (Ridgeway and Mozer, 2018): does each latent know of one factor only?"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.information import BINS, information, too_few


@metric(
    measures=("modularity",),
    invariant=("permutation", "sign", "scale", "dead latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "dlib", "dlib-2018"),
)
def modularity(table: Table, *, bins: int = BINS) -> Measured:
    """Modularity, from 0 to 1, higher is better; noise scores about .66, so read it beside its null floor.

    For every latent, 1 - sum over the other factors of m_jk^2 / (max_k m_jk^2 (K - 1)) with m_jk = I(z_j; v_k); the
    mean over latents.

    parts: `modularity` of every latent and `best`, its factor. matrix: I(z_j; v_k) in nats.

    Source: Ridgeway and Mozer 2018, section 3 (their delta). **Departures**: a latent that never varies, or shares no
    information with any factor, has no template and is left out; disentanglement_lib counts it as 0 (protocol dlib).
    """
    if len(table.varying) < 2:
        return Measured(math.nan, "", reason="one factor: every latent is modular")
    if reason := too_few(table, bins):
        return Measured(math.nan, "", reason=reason)
    found = information(table, bins)
    squares = found.mutual**2
    most = squares.max(1)
    informed = most > 0
    per_latent = np.full(len(most), 0.0 if table.protocol.startswith("dlib") else math.nan)
    rest = squares[informed].sum(1) - most[informed]
    per_latent[informed] = 1 - rest / (most[informed] * (squares.shape[1] - 1))
    chosen = np.array(table.varying)[squares.argmax(1)]
    defined = per_latent[~np.isnan(per_latent)]
    return Measured(
        float(defined.mean()) if len(defined) else math.nan,
        found.estimator,
        latents={"modularity": per_latent, "best": np.where(informed, chosen, np.nan)},
        matrix=found.mutual,
        reason="" if len(defined) else "no latent shares information with a factor",
    )
