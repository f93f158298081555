"""Total correlation of the latents, as if they were Gaussian."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.classifiers import moments, standardise

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

    TC = 1/2 (sum over d of log C_dd - log det C), with C the covariance of the codes: the KL of a Gaussian with that
    covariance to the product of its marginals. It sees only linear dependence, and is blind to the axes: latents of
    equal variance stay independent under any rotation.

    form: "mean": of the codes. "sampled": of samples of the posteriors (needs log_var), whose covariance is that of the
        means and the mean of the variances. The two can disagree: a method may make the one independent and not the other.

    matrix: the correlation of the latents, (D, D).
    Source: Watanabe 1960; disentanglement_lib's `gaussian_total_correlation`. **Departures**: less the exact bias
    that N Gaussian rows have (about D (D - 1) / 4N), and not below 0; plug-in under protocol dlib. Latents that determine
    each other, for which it is infinite, give NaN and say so.
    """
    if len(table.latents) < 2:
        return Measured(math.nan, "", reason=LONELY)
    c, _, rows, reason = covariance(table, form)
    if reason:
        return Measured(math.nan, "", reason=reason)
    scale = np.sqrt(c.diagonal())
    correlation = c / np.outer(scale, scale)
    strengths = np.linalg.eigvalsh(correlation)
    if strengths[0] < TINY * len(c):
        return Measured(math.nan, "", reason="some latents determine each other: their total correlation is infinite")
    value = float(-0.5 * np.log(strengths).sum())
    if table.protocol == "unweave":
        value -= gaussian_bias(len(c), rows)
    how = "plug-in" if table.protocol != "unweave" else "less the bias of Gaussian rows"
    matrix = among_latents(table, correlation)
    return Measured(value, f"Gaussian, {how}, {form} codes", matrix=matrix, reason=unread(table, form), pairwise=True)


LONELY = "one latent: nothing to depend on"


def covariance(table: Table, form: str) -> tuple[np.ndarray, np.ndarray, float, str]:
    """Covariance (D, D) of codes or of samples, in units of the codes' deviations; these units (D,), and 1 for a latent
    that never varies; the number of rows it rests on; and why it cannot be had, or ''.
    """
    w = table.row_weights() / table.row_weights().sum()
    rows = float(1 / (w**2).sum())
    (z,), deviations = standardise(table.codes, weights=table.weights), moments(table.codes, table.weights)[1]
    units = np.where(deviations > 0, deviations, 1.0)
    if not rows > 1:
        return np.full((len(units), len(units)), math.nan), units, rows, "one row has no covariance"
    c = np.cov(z, rowvar=False, aweights=table.weights)
    if form == "sampled":
        if table.log_var is None:
            return c, units, rows, "needs log_var for samples of the posteriors"
        with np.errstate(over="ignore"):  # infinite, and then there is no number
            c = c + np.diag(w @ np.exp(table.log_var - 2 * np.log(units)))
        if not np.isfinite(c).all():
            return c, units, rows, "the posteriors are too wide for their variances to be added"
    if (c.diagonal() <= 0).any():
        return c, units, rows, "a latent never varies, which leaves the covariance singular"
    return c, units, rows, "" if rows > len(c) + 1 else f"{rows:.0f} rows are too few for {len(c)} latents"


def unread(table: Table, form: str) -> str:
    """What to say of log_var that was given and not asked for, or ''."""
    return "log_var is not used: form='sampled' takes it" if form == "mean" and table.log_var is not None else ""


def gaussian_bias(d: int, rows: float) -> float:
    """What the plug-in estimate of N independent Gaussian rows is too high by: from E log det of a Wishart matrix.

    >>> print(round(gaussian_bias(10, 1000.0), 5), 10 * 9 / 4000)
    0.02262 0.0225
    """
    from scipy.special import digamma

    half = (rows - 1) / 2
    return float(0.5 * (d * digamma(half) - digamma(half - np.arange(d) / 2).sum()))


def among_latents(table: Table, matrix: np.ndarray) -> np.ndarray:
    """A matrix (D, D) of the table's latents on the columns that were given, NaN where one was set aside."""
    full = np.full((table.width, table.width), np.nan)
    full[np.ix_(table.latents, table.latents)] = matrix
    return full
