"""Z-max variance (Kim et al., 2019): which latent moves most when one factor alone varies?"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.classifiers import standardise
from unweave.metrics.tables.one_factor import enough, pair_weights, pairs

FIT_POINTS = 2_000
TEST_POINTS = 1_000
PAIRS = 32


@metric(
    measures=("modularity",),
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    draws=True,
)
def z_max_variance(table: Table) -> Measured:
    """Z-max variance score, from 0 to 1, higher is better; noise scores about 1/K.

    For 32 pairs of images that differ in factor k alone, the latent whose variance within pairs,
    divided by its variance over the data, is largest votes for k. Each latent stands for the factor
    it was voted for most; the score is the share of votes on test points that agree.

    parts: `train`, `test`. matrix: the share of the votes for factor k that latent j gave, (D, K).

    Source: Kim et al. 2019 (RF-VAE), section 4. **Departures**: pairs each have values of the other
    factors of their own, where the paper fixes one combination for a whole batch, which few tables
    have enough rows for; votes are scored on other pairs than those they are cast on. Noise latents
    vary whatever is fixed, and win votes of every factor.
    """
    unknown = {"train": math.nan, "test": math.nan}
    if len(table.varying) < 2:
        return Measured(math.nan, "", reason="one factor: nothing to tell apart", pieces=unknown)
    has, few = enough(table)
    if len(has) < 2:
        return Measured(math.nan, "", reason=few, pieces=unknown)
    rng = table.rng("votes of z_max_variance")
    (z,) = standardise(table.codes, weights=table.weights)
    shape = (z.shape[1], len(table.varying))
    found = pairs(table)
    votes = np.zeros((2, *shape))  # of points to fit and to test on
    for k in has:
        halves = np.array_split(rng.permutation(found[k]), 2)
        for side, (some, points) in enumerate(zip(halves, (FIT_POINTS, TEST_POINTS), strict=True)):
            squared = 0.5 * (z[some[:, 0]] - z[some[:, 1]]) ** 2  # (P, D): variance within pairs
            p = pair_weights(table, some)
            if p is not None:
                p = p / p.sum()
            drawn = rng.choice(len(some), (table.most(points) // len(has), PAIRS), p=p)
            # (points, 32, D) -> (points, D) -> (points,): the latent that moves most
            winners = np.stack([squared[rows].mean(0) for rows in drawn]).argmax(1)
            votes[side, :, k] = np.bincount(winners, minlength=shape[0])
    # (D,): the factor that each latent was voted for most, and the share of the votes that agree
    stands_for = votes[0].argmax(1)
    train, test = (float(v[np.arange(shape[0]), stands_for].sum() / v.sum()) for v in votes)
    return Measured(
        test,
        f"majority vote, {PAIRS} pairs a vote, drawn by seed {table.seed} "
        f"from {sum(len(found[k]) for k in has)} pairs that differ in one factor",
        pieces={"train": train, "test": test},
        matrix=votes[0] / np.maximum(votes[0].sum(0), 1),
        reason=few,
    )
