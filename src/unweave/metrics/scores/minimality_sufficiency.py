"""Minimality and sufficiency (Almudevar et al., 2025), which stay right where factors depend on
each other.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import moments
from unweave.metrics.estimators.entropies import entropy
from unweave.metrics.tables.kinds import factor_levels
from unweave.metrics.tables.silence import ACTIVE
from unweave.settings import Setting

SAMPLES = 1_000
NOISE = 0.1
PIECE = 250_000  # densities at a time: what stays in the cache


@metric(
    measures=("modularity", "compactness", "explicitness"),
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    falls=("rotation", "noise latents"),
    uses=("log_var",),
    draws=True,
)
def minimality_sufficiency(
    table: Table,
    *,
    noise: Annotated[float, Setting("standard deviations of a latent", above=0, high=1000)] = NOISE,
) -> Measured:
    """Minimality of the latents; the sufficiency is in the parts. From 0 to 1, higher is better.

    Minimality is the mean over latents of max_k I(z_j; v_k) / I(z_j; x): how much of what a latent
    says of the image is of one factor. Sufficiency is the mean over factors of max_j I(z_j; v_k) /
    H(v_k): how much of a factor one latent says. No term compares two factors, so a factor that
    drags another along is not punished.

    The code is z_j ~ q(z_j|x), normal with `log_var` if given, else with standard deviation `noise`
    times that of the latent: a deterministic code would hold infinite information. I(z_j; x) and
    I(z_j; v_k) are means over samples of log q(z_j|x) - log q(z_j) and log q(z_j|v_k) - log q(z_j),
    mixtures of the rows' posteriors.

    parts: `minimality`, `sufficiency`; `minimality_per_latent` (NaN where
        I(z_j; x) is at most 0.05 nats), `information` I(z_j; x) in nats, `sufficiency_per_factor`.
        matrix: I(z_j; v_k) in nats.

    Source: Almudevar et al. 2025, definitions of minimality and sufficiency of a latent; authors'
    code. **Departures**: 1,000 samples in all, where that code draws 10 of every row; noise in
    units of each latent's deviation (there 0.1 of whatever scale the codes have, so that scaling a
    code changes its score). Known failure: `noise` sets the answer of deterministic codes: a latent
    that holds a factor of few levels with little jitter is minimal at .1 and not at .001; a latent
    of pure noise counts 0.
    """
    whole, mutual, entropies = mixture_information(table, noise)
    active = whole > ACTIVE
    minimal = np.full(len(whole), math.nan)
    minimal[active] = np.clip(np.nanmax(mutual[active], 1, initial=0) / whole[active], 0, 1)
    sufficient = np.clip(mutual.max(0) / np.where(entropies > 0, entropies, np.nan), 0, 1)
    pieces = {"minimality": mean(minimal), "sufficiency": mean(sufficient)}
    of = "the posteriors"
    if table.log_var is None:
        of = f"the codes with noise of {noise:g} deviations"
    reason = ""
    if not active.all():
        reason = f"{(~active).sum()} latents hold no more than {ACTIVE} nats of the image"
    return Measured(
        pieces["minimality"],
        f"{SAMPLES} samples, drawn by seed {table.seed}, of {of}",
        pieces,
        latents={"minimality_per_latent": minimal, "information": whole},
        factors={"sufficiency_per_factor": sufficient},
        matrix=mutual,
        reason=reason,
    )


def mixture_information(table: Table, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """I(z_j; x) (D,), I(z_j; v_k) (D, K) and H(v_k) (K,) in nats, from samples of q(z_j|x) of
    randomly drawn rows.
    """
    v = factor_levels(table)
    w = table.row_weights()
    # codes and deviations of their posteriors in units of each latent's deviation, (N, D) each
    mean_z, unit = moments(table.codes, table.weights)
    unit = np.where(unit > 0, unit, 1)
    z = (table.codes - mean_z) / unit
    scale = np.full(z.shape, noise)
    if table.log_var is not None:
        scale = np.exp(0.5 * table.log_var - np.log(unit))
    rng = table.rng("samples of minimality_sufficiency")
    drawn = rng.choice(table.n, table.most(SAMPLES), p=w / w.sum())
    jitter = rng.standard_normal(len(drawn))
    whole = np.zeros(z.shape[1])
    mutual = np.full((z.shape[1], v.shape[1]), math.nan)
    for j in range(z.shape[1]):
        # (S,): samples of q(z_j|x) and their density
        samples = z[drawn, j] + scale[drawn, j] * jitter
        own = np.exp(-0.5 * jitter**2) / scale[drawn, j]
        mixture, among, within = _mixtures(samples, drawn, z[:, j], scale[:, j], w, v)
        # means of log q(z|x) - log q(z), and of log q(z|v_k) - log q(z) where v_k is known
        whole[j] = max(np.log(own / mixture).mean(), 0.0)
        for k in range(v.shape[1]):
            known = v[drawn, k] >= 0
            if known.any():
                mutual[j, k] = max(np.log(within[known, k] / among[known, k]).mean(), 0.0)
    counts = [np.bincount(column[column >= 0], w[column >= 0]) for column in v.T]
    return whole, mutual, np.array([entropy(count) for count in counts])


def _mixtures(
    samples: np.ndarray,
    drawn: np.ndarray,
    mean_z: np.ndarray,
    scale: np.ndarray,
    w: np.ndarray,
    v: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """q(z) (S,), q(z) of the rows where a factor is known (S, K), q(z|v_k) (S, K) at samples of one
    latent.

    A density of 1 / scale stands for 1 / (scale sqrt(2 pi)); only ratios are used.
    """
    mixture = np.empty(len(samples))
    among = np.empty((len(samples), v.shape[1]))
    within = np.empty((len(samples), v.shape[1]))
    known = (v >= 0) * w[:, None]  # (N, K): weights, 0 where a factor is unknown
    all_known = bool((v >= 0).all())
    # the rows of each level of each factor
    rows_of = [
        [np.flatnonzero(column == level) for level in range(column.max() + 1)] for column in v.T
    ]
    pieces = max(1, len(samples) * len(mean_z) // PIECE)
    for piece in np.array_split(np.arange(len(samples)), pieces):
        # (s, N): density of each sample under the posterior of every row, in place
        density = samples[piece, None] - mean_z
        density /= scale
        density *= density
        density *= -0.5
        np.exp(density, out=density)
        density /= scale
        mixture[piece] = np.einsum("sn,n->s", density, w) / w.sum()
        among[piece] = mixture[piece, None]
        if not all_known:
            among[piece] = density @ known / known.sum(0)
        # q(z|v_k) of each sample: the mixture of the rows that share its level of factor k
        for k, levels in enumerate(rows_of):
            of_piece = v[drawn[piece], k]
            for level in np.unique(of_piece[of_piece >= 0]):
                here = np.flatnonzero(of_piece == level)
                rows = levels[level]
                within[piece[here], k] = density[np.ix_(here, rows)] @ w[rows] / w[rows].sum()
    return mixture, among, within
