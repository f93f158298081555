"""Information terms of a stochastic code: its KL to the prior, split into what it is made of."""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.densities import LOG_2PI
from unweave.metrics.estimators.posteriors import aggregate, draw, missing, saturated
from unweave.metrics.tables.silence import mean_kl

TERMS = ("kl", "mutual_information", "total_correlation", "dimension_kl")


@metric(
    measures=("independence",),
    range=(0.0, math.inf),
    direction="lower",
    tables="posteriors",
    cost="fit",
    invariant=("permutation", "sign"),
    silent=True,
    uses=("log_var",),
    draws=True,
    floors=False,
)
def information_terms(table: Table) -> Measured:
    """The terms of a stochastic code's KL; the value is the total correlation TC(z) in nats, lower
    is better.

    mean KL(q(z|x) || p(z)) = I(x; z)
        + KL(q(z) || prod_d q(z_d))
        + sum over d of KL(q(z_d) || p(z_d)),

    with p standard normal: what the code knows of its image, how dependent its latents are, how far
    each latent is from the prior.

    parts: `kl`, `mutual_information`, `total_correlation`, `dimension_kl` in nats, the first the
    sum of the others; of each latent `kl_per_latent` in closed form, `information` I(x; z_d), and
    `dimension_kl_per_latent`.

    Source: Hoffman and Johnson 2016; Chen et al. 2018, eq. 2. q(z) is the exact mixture over the
    rows, as if they were all the images there are; expectations are over one sample of each of at
    most 1,000 rows. So I(x; z) cannot exceed log N, and what it lacks is counted as TC; a note says
    when it is near: of a code of 10 nats, take many rows or only the terms of each latent, which
    have no such ceiling. **Departures**: no minibatch estimator (whose constants dominate its
    level). Latents that never vary in the mean are left out.
    """
    reason = missing(table)
    if reason:
        return Measured(math.nan, "", reason=reason, pieces=dict.fromkeys(TERMS, math.nan))
    assert table.log_var is not None
    drawn = draw(table)
    joint, marginal = aggregate(table, drawn.z)
    # (S, D): mean log p(z_d) under each posterior that is drawn from, in closed form, so that the
    # sum of the terms is the KL itself
    prior = -0.5 * (table.codes[drawn.rows] ** 2 + np.exp(table.log_var[drawn.rows]) + LOG_2PI)
    # means over the samples of log q(z|x) - log q(z), log q(z) - sum log q(z_d), and, (D,),
    # log q(z_d) - log p(z_d)
    known = float((drawn.own.sum(1) - joint).mean())
    dependence = float((joint - marginal.sum(1)).mean())
    dimension_kl = (marginal - prior).mean(0)
    terms = (
        known + dependence + float(dimension_kl.sum()),
        known,
        dependence,
        float(dimension_kl.sum()),
    )
    return Measured(
        dependence,
        f"mixture of {table.n} posteriors at {len(drawn.rows)} samples drawn by seed {table.seed}",
        pieces=dict(zip(TERMS, terms, strict=True)),
        latents={
            "kl_per_latent": mean_kl(table.codes, table.log_var, table.weights),
            "information": (drawn.own - marginal).mean(0),
            "dimension_kl_per_latent": dimension_kl,
        },
        reason=saturated(table, known),
    )
