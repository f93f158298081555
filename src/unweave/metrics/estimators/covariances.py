"""Covariance of the latents, of codes or of samples of their posteriors."""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.estimators.classifiers import moments, standardise
from unweave.metrics.tables.table import Table

LONELY = "one latent: nothing to depend on"


def covariance(table: Table, form: str) -> tuple[np.ndarray, np.ndarray, float, str]:
    """Covariance of the latents, its units, and the number of rows behind it.

    Returns the covariance (D, D) of codes (form "mean") or of samples of their posteriors
    ("sampled"), in units of the codes' deviations; these units (D,), 1 for a latent that never
    varies; the number of rows in effect; and why the covariance is undefined, or ''.
    """
    w = table.row_weights() / table.row_weights().sum()
    rows = float(1 / (w**2).sum())  # Kish's number
    (z,) = standardise(table.codes, weights=table.weights)
    _, deviations = moments(table.codes, table.weights)
    units = np.where(deviations > 0, deviations, 1.0)
    if not rows > 1:
        return np.full((len(units), len(units)), math.nan), units, rows, "one row has no covariance"
    c = np.cov(z, rowvar=False, aweights=table.weights)
    if form == "sampled":
        if table.log_var is None:
            return c, units, rows, "needs log_var for samples of the posteriors"
        # of samples: covariance of the means plus the mean variance of the posteriors
        with np.errstate(over="ignore"):  # infinite, and then it is refused below
            # w (N,) @ variances in these units (N, D): (D,)
            c = c + np.diag(w @ np.exp(table.log_var - 2 * np.log(units)))
        if not np.isfinite(c).all():
            return c, units, rows, "the posteriors are too wide for their variances to be added"
    if (c.diagonal() <= 0).any():
        return c, units, rows, "a latent never varies, which leaves the covariance singular"
    if rows <= len(c) + 1:
        return c, units, rows, f"{rows:.0f} rows are too few for {len(c)} latents"
    return c, units, rows, ""


def unread(table: Table, form: str) -> str:
    """A note if log_var was given and this form does not use it, or ''."""
    if form == "mean" and table.log_var is not None:
        return "log_var is not used: form='sampled' takes it"
    return ""


def among_latents(table: Table, matrix: np.ndarray) -> np.ndarray:
    """A matrix (D, D) of the table's latents on the columns that were given, NaN where one was set
    aside.
    """
    full = np.full((table.width, table.width), np.nan)
    full[np.ix_(table.latents, table.latents)] = matrix
    return full
