"""Mutual information gap (Chen et al., 2018): is each factor in one latent?"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.entropies import entropy
from unweave.metrics.estimators.information import Bins, information, runner_up, too_few
from unweave.metrics.tables.kinds import factor_levels

SAMPLES = 2_000


@metric(
    measures=("compactness",),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "dlib", "dlib-2018", "laforge"),
    error="jackknife",
    uses=("log_var",),
)
def mig(
    table: Table, *, bins: Bins = None, form: Literal["auto", "histogram", "posterior"] = "auto"
) -> Measured:
    """Mutual information gap, from 0 to 1, higher is better.

    MIG = mean over k of [I(z_j1; v_k) - I(z_j2; v_k)] / H(v_k), where j1 and j2 are the latents
    that know most and second most of factor k. A gap rather than the information itself, since two
    copies of a code keep the information.

    form: "histogram" of the codes, or the paper's "posterior" when log_var is given: I(z_j; v_k) is
        the mean of log q(z_j|v_k) - log q(z_j) over samples of q(z|x), where both densities are
        mixtures of the rows' posteriors. "auto" takes the posterior form if there is log_var, under
        the library's own protocol. It takes the rows for all the images there are and is not
        corrected: narrow posteriors of noise (deviation .05) beside a factor of 40 levels know .5
        nats of it at 1,000 rows.
    parts: `gap` and `entropy` (nats) of every factor, and `best` its latent. matrix: I(z_j; v_k) in
        nats.

    Source: Chen et al. 2018, eq. 6; disentanglement_lib's `discrete_mig` under protocol dlib.
    **Departures**: a histogram's information is chance-corrected and its bins are robust to
    outliers, except under dlib. Protocol laforge: 10 plug-in bins and H of the code in place of
    H(v), which is a fault of that code. A perfect code of 40 levels scores below 1 in 20 bins;
    `ceiling` says how much. Splitting a factor over two latents scores 0 although the code is
    modular.
    """
    if table.width < 2:
        return Measured(math.nan, "", reason="one latent: no runner-up to compare with")
    posterior = form == "posterior" or (form == "auto" and table.protocol == "unweave")
    unread = ""
    if posterior and table.log_var is not None:
        if bins is not None:
            raise ValueError(
                "bins are of the histogram and log_var of the posterior form: say form='histogram', or one less"
            )
        mutual, factors = from_posteriors(table)
        estimator = f"{SAMPLES} samples of the posteriors, drawn by seed {table.seed}"
    elif form == "posterior":
        raise ValueError("form='posterior' needs log_var (N, D) of scalar codes")
    else:
        reason = too_few(table, bins)
        if reason:
            return Measured(math.nan, "", reason=reason)
        found = information(table, bins)
        mutual = found.mutual
        factors = found.factors
        estimator = found.estimator
        posterior = False
        if table.log_var is not None:
            unread = "log_var is not used by the histogram"
    by = information(table, bins).codes if table.protocol == "laforge" else factors
    best, second = runner_up(mutual / np.where(by > 0, by, np.nan))
    gap = best - second
    chosen = np.array(table.latents)[mutual.argmax(0)]
    return Measured(
        mean(gap),
        estimator,
        factors={"gap": gap, "entropy": factors, "best": chosen},
        matrix=mutual,
        reason=unread,
        cheap=not posterior,
    )


def from_posteriors(table: Table, samples: int = SAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """I(z_j; v_k) (D, K) and H(v_k) (K,) in nats, from samples of q(z_j|x) of randomly drawn rows.

    Mixtures over all rows: q(z) = mean over n of q(z|x_n), q(z|v) = mean over the rows with that
    value.
    """
    assert table.log_var is not None
    v = factor_levels(table)
    w = table.row_weights()
    rng = table.rng("samples of mig")
    rows = rng.choice(table.n, min(table.most(samples), 10 * table.n), p=w / w.sum())
    mean_z = table.codes.astype(np.float64)
    scale = np.exp(0.5 * table.log_var)
    # of each factor: weights of the rows where it is known, (N,), and of each level, (L + 1,), the last of unknown rows
    known = [np.where(column >= 0, w, 0.0) for column in v.T]
    share = [
        known_k @ np.eye(column.max() + 2)[column]
        for known_k, column in zip(known, v.T, strict=True)
    ]
    mutual = np.zeros((mean_z.shape[1], v.shape[1]))
    for j in range(mean_z.shape[1]):
        # (S,): samples of latent j, one for each drawn row
        z = mean_z[rows, j] + scale[rows, j] * rng.standard_normal(len(rows))
        ratios = [np.empty(len(rows)) for _ in known]
        for piece in np.array_split(np.arange(len(rows)), max(1, len(rows) * table.n // 2_000_000)):
            # (s, N): density of each sample under the posterior of every row, but for a constant
            density = (
                np.exp(-0.5 * ((z[piece, None] - mean_z[:, j]) / scale[:, j]) ** 2) / scale[:, j]
            )
            for k, column in enumerate(v.T):
                # log q(z_j|v_k) - log q(z_j)
                level = column[rows[piece]]
                within = (density * (column == level[:, None])) @ w / share[k][level]
                ratios[k][piece] = np.log(within) - np.log(density @ known[k] / known[k].sum())
        for k, column in enumerate(v.T):
            counted = column[rows] >= 0
            mutual[j, k] = max(ratios[k][counted].mean(), 0.0) if counted.any() else math.nan
    return mutual, np.array([entropy(of_levels[:-1]) for of_levels in share])
