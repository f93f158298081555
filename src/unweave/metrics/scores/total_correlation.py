"""Total correlation of the latents, as if they were Gaussian."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.covariances import LONELY, among_latents, covariance, unread

TINY = 1e-12


@metric(
    measures=("independence",),
    range=(0.0, math.inf),
    direction="lower",
    tables="codes",
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents"),
    protocols=("unweave", "dlib", "dlib-2018"),
    error="jackknife",
    uses=("log_var",),
)
def total_correlation(table: Table, *, form: Literal["mean", "sampled"] = "mean") -> Measured:
    """Gaussian total correlation of the latents in nats, 0 or more, lower is better.

    TC = 1/2 (sum over d of log C_dd - log det C), with C the covariance of the codes: the KL of a
    Gaussian with that covariance to the product of its marginals. It sees only linear dependence,
    and is blind to the axes: latents of equal variance stay independent under any rotation.

    form: "mean": of the codes. "sampled": of samples of the posteriors (needs log_var), whose
        covariance is that of the means and the mean of the variances. The two can disagree: a
        method may make the one independent and not the other.

    matrix: the correlation of the latents, (D, D).
    Source: Watanabe 1960; disentanglement_lib's `gaussian_total_correlation`. **Departures**: less
    the exact bias that N Gaussian rows have (about D (D - 1) / 4N), and not below 0; plug-in under
    protocol dlib. Latents that determine each other, for which it is infinite, give NaN and say so.
    """
    if len(table.latents) < 2:
        return Measured(math.nan, "", reason=LONELY)
    c, _, rows, reason = covariance(table, form)
    if reason:
        return Measured(math.nan, "", reason=reason)
    # the variances cancel: 1/2 (sum of log C_dd - log det C) = -1/2 log det of the correlation
    scale = np.sqrt(c.diagonal())
    correlation = c / np.outer(scale, scale)  # (D, D)
    strengths = np.linalg.eigvalsh(correlation)  # (D,); log det is the sum of their logarithms
    if strengths[0] < TINY * len(c):
        reason = "some latents determine each other: their total correlation is infinite"
        return Measured(math.nan, "", reason=reason)
    value = float(-0.5 * np.log(strengths).sum())
    how = "plug-in"
    if table.protocol == "unweave":
        value -= gaussian_bias(len(c), rows)
        how = "less the bias of Gaussian rows"
    return Measured(
        value,
        f"Gaussian, {how}, {form} codes",
        matrix=among_latents(table, correlation),
        reason=unread(table, form),
        pairwise=True,
    )


def gaussian_bias(d: int, rows: float) -> float:
    """What the plug-in estimate of N independent Gaussian rows is too high by: from E log det of a
    Wishart matrix.

    >>> print(round(gaussian_bias(10, 1000.0), 5), 10 * 9 / 4000)
    0.02262 0.0225
    """
    from scipy.special import digamma

    half = (rows - 1) / 2
    return float(0.5 * (d * digamma(half) - digamma(half - np.arange(d) / 2).sum()))
