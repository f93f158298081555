"""Wasserstein correlation of the latents: how far they are from independent, as transport."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.covariances import LONELY, among_latents, covariance, unread

TINIEST = 1e-70  # deviations whose squares float64 can square again lie between these two
LARGEST = 1e70


@metric(
    measures=("independence",),
    range=(0.0, 2.0),
    direction="lower",
    tables="codes",
    invariant=("permutation", "sign", "dead latents"),
    protocols=("unweave", "dlib", "dlib-2018"),
    error="jackknife",
    corrected=True,
    ranges={"wasserstein": (0.0, math.inf)},
    uses=("log_var",),
)
def wasserstein_correlation(table: Table, *, form: Literal["mean", "sampled"] = "mean") -> Measured:
    """Normalised Wasserstein correlation, from 0 to 2 (1 - 1/sqrt(D)), lower is better.

    W / tr C, where W = 2 tr C - 2 tr sqrt(A C A) with A = diag(C)^(1/2) is the squared
    2-Wasserstein distance between Gaussians with covariance C and with its diagonal alone. Latents
    of small variance hardly count, unlike in the total correlation.

    form: "mean" or "sampled" codes, as for `total_correlation`. parts: `wasserstein`, W in squared
        units of the codes.
    matrix: the covariance of the latents, (D, D).

    Source: Locatello et al. 2019 (JMLR 2020, appendix); disentanglement_lib's
    `gaussian_wasserstein_correlation` (W) and `gaussian_wasserstein_correlation_norm` (the value).
    **Departures**: the symmetric matrix, whose square root is real whatever rounding does; there
    the root of a matrix that is not symmetric can come out complex.
    """
    unknown = {"wasserstein": math.nan}
    if len(table.latents) < 2:
        return Measured(math.nan, "", reason=LONELY, pieces=unknown)
    c, units, _, reason = covariance(table, form)
    if reason and form == "sampled" and (table.log_var is None or not np.isfinite(c).all()):
        return Measured(math.nan, "", reason=reason, pieces=unknown)
    if not TINIEST < units.max() < LARGEST:
        codes = f"codes with deviations of {units.max():.0e}"
        reason = f"{codes} are beyond what float64 can square twice; rescale them"
        return Measured(math.nan, "", reason=reason, pieces=unknown)
    c = c * np.outer(units, units)  # (D, D), in units of the codes
    # (D,): eigenvalues of sqrt(A C A)
    scale = np.sqrt(c.diagonal())
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(c * np.outer(scale, scale)), 0))
    total = float(c.trace())
    if not total > 0:
        return Measured(math.nan, "", reason="no latent varies in these rows", pieces=unknown)
    distance = max(2 * total - 2 * float(roots.sum()), 0.0)
    return Measured(
        distance / total,
        f"Gaussian, plug-in, {form} codes",
        pieces={"wasserstein": distance},
        matrix=among_latents(table, c),
        reason=unread(table, form),
        pairwise=True,
    )
