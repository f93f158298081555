"""Active latents: how many of a code's latents carry information, by KL or by variance?"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.classifiers import moments
from unweave.metrics.estimators.posteriors import missing
from unweave.metrics.tables.silence import ACTIVE, VARIANCE, mean_kl
from unweave.settings import Setting


@metric(
    measures=("usefulness",),
    range=(0.0, math.inf),
    tables="codes",
    cost="fit",
    invariant=("permutation", "sign", "dead latents"),
    silent=True,
    uses=("log_var",),
    floors=False,
)
def active_latents(
    table: Table,
    *,
    by: Literal["auto", "kl", "variance"] = "auto",
    threshold: Annotated[
        float | None, Setting("nats of KL, or variance over images", low=0, high=1e9)
    ] = None,
) -> Measured:
    """The number of active latents, from 0 to D; more is not better, but none is a code that
    collapsed.

    by: "kl": latents whose mean KL(q(z_d|x) || N(0, 1)) is above the threshold, in nats (needs
        log_var). "variance": latents whose mean has a variance above the threshold over images.
        "auto": by KL if there is log_var.
    threshold: 0.05 nats or a variance of 0.01 by default.
    parts: `active` (1 or 0), `variance`, and `kl` (nats) of every latent.

    Source: by variance, Burda et al. 2016, section 5.2; by KL, Duan et al. 2020, section 3.
    **Departures**: a latent whose mean never varies is not counted by either (and is NaN in the
    parts). Both thresholds are absolute: they suit codes with a standard normal prior. Latents of
    .01 to .02 nats were seen to change no pixel, so .05 nats is where every other metric, the log
    and the report leave a latent out, too; Duan et al. take .01.
    """
    reason = missing(table)
    if by == "kl" and reason:
        return Measured(math.nan, "", reason=reason)
    mean = table.codes.astype(np.float64)
    # (D,) each: variance of the means over the rows, and mean KL
    with np.errstate(over="ignore"):  # infinite is above any threshold
        parts = {"variance": moments(mean, table.weights)[1] ** 2}
        if table.log_var is not None:
            parts["kl"] = mean_kl(mean, table.log_var, table.weights)
    if by == "kl" or (by == "auto" and "kl" in parts):
        found = parts["kl"]
        default = ACTIVE
        estimator = "kl above {} nats"
    else:
        found = parts["variance"]
        default = VARIANCE
        estimator = "variance above {}"
    if threshold is None:
        threshold = default
    active = found > threshold
    latents = {"active": active.astype(float), **parts}
    return Measured(float(active.sum()), estimator.format(threshold), latents=latents)
