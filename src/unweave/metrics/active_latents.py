"""Active latents: how many of a code's latents say anything?"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.posteriors import missing
from unweave.metrics.silence import ACTIVE, VARIANCE, mean_kl


@metric(
    measures=("usefulness",),
    range=(0.0, math.inf),
    tables="codes",
    cost="fit",
    invariant=("permutation", "sign", "dead latents"),
    silent=True,
)
def active_latents(table: Table, *, by: str = "auto", threshold: float | None = None) -> Measured:
    """The number of active latents, from 0 to D; more is not better, but none is a code that collapsed.

    by: "kl": latents whose mean KL(q(z_d|x) || N(0, 1)) is above the threshold, in nats (needs log_var). "variance":
        latents whose mean has a variance above the threshold over images. "auto": by KL if there is log_var.
    threshold: 0.05 nats or a variance of 0.01 by default.
    parts: `active` (1 or 0), `variance`, and `kl` (nats) of every latent.

    Source: by variance, Burda et al. 2016, section 5.2; by KL, Duan et al. 2020, section 3. **Departures**: a latent whose
    mean never varies is not counted by either (and is NaN in the parts). Both thresholds are absolute: they suit codes
    with a standard normal prior. Latents of .01 to .02 nats were seen to change no pixel, so .05 nats is where every other
    metric, the log and the report leave a latent out, too; Duan et al. take .01.
    """
    if by not in ("auto", "kl", "variance"):
        raise ValueError(f"by is {by!r}; it has to be auto, kl or variance")
    if by == "kl" and (reason := missing(table)):
        return Measured(math.nan, "", reason=reason)
    mean = table.codes.astype(np.float64)
    centre = np.average(mean, 0, table.weights)
    parts = {"variance": np.average((mean - centre) ** 2, 0, table.weights)}
    if table.log_var is not None:
        parts["kl"] = mean_kl(mean, table.log_var, table.weights)
    name = by if by != "auto" else "kl" if "kl" in parts else "variance"
    if threshold is None:
        threshold = ACTIVE if name == "kl" else VARIANCE
    active = parts[name] > threshold
    unit = " nats" if name == "kl" else ""
    return Measured(
        float(active.sum()), f"{name} above {threshold}{unit}", latents={"active": active.astype(float), **parts}
    )
