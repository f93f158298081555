"""FactorVAE score (Kim and Mnih, 2018): which latent varies least when one factor is fixed?"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import GroupTable, Measured, metric

PRUNED_BELOW = 0.05


@metric(
    measures=("modularity",),
    tables="groups",
    invariant=("permutation", "sign", "scale", "dead latents", "outlier"),
    falls=("rotation",),
    protocols=("unweave", "dlib", "dlib-2018"),
    uses=("test",),
    draws=True,
)
def factor_vae_score(table: GroupTable) -> Measured:
    """FactorVAE score, from 0 to 1, higher is better; noise scores about 1/K, and a rotation can
    score .9.

    For each group of images that share factor k, the latent whose variance, divided by its variance
    over the data, is smallest votes for k. Each latent stands for the factor it was voted for most;
    the score is the share of votes on test groups that agree.

    parts: `train`, `test`. matrix: the share of the votes for factor k that latent j gave, (D, K).

    Source: Kim and Mnih 2018, section 4; disentanglement_lib under protocol dlib (10,000 and 5,000
    votes of 64 images, latents with a standard deviation below 0.05 left out). **Departures**:
    scored on test groups, as there; only latents that never vary are left out, because a threshold
    depends on the units of the codes.
    """
    if table.protocol.startswith("dlib"):
        scale = table.reference.var(0, ddof=1, dtype=np.float64)
        used = scale >= PRUNED_BELOW**2
    else:
        used = np.ptp(table.reference, axis=0) > 0
        scale = np.ones(len(used))  # codes come in units of their deviation
    if not used.any():
        return Measured(
            math.nan, "", reason=f"no latent has a standard deviation of {PRUNED_BELOW} or more"
        )
    latents = np.flatnonzero(used)
    # (G,) for each side: the latent with the least relative variance within each group
    still = [
        latents[(spread[:, used] / scale[used]).argmin(1)] for spread in table.summaries(variances)
    ]
    shape = (table.codes.shape[1], len(table.varying))
    votes = [
        _count(winners, side.fixed, shape)
        for winners, side in zip(still, (table.fit, table.test), strict=True)
    ]
    # the factor of each latent, (D,), by the votes of the groups to fit on
    stands_for = votes[0].argmax(1)
    train, test = (float(v[np.arange(shape[0]), stands_for].sum() / v.sum()) for v in votes)
    return Measured(
        test,
        f"majority vote; {table.n} and {len(table.test.fixed)} {table.origin}, {table.fit.members.shape[1]} images each",
        pieces={"train": train, "test": test},
        matrix=votes[0] / np.maximum(votes[0].sum(0), 1),
        reason=""
        if used.all()
        else f"{(~used).sum()} latents have a standard deviation below {PRUNED_BELOW}",
    )


def variances(groups: np.ndarray) -> np.ndarray:
    """Variance of each latent within each group, (g, L, D) -> (g, D)."""
    return groups.var(1, ddof=1)


def _count(winners: np.ndarray, fixed: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Votes of each latent for each factor, (D, K), from winners and fixed factors (G,)."""
    return np.bincount(winners * shape[1] + fixed, minlength=shape[0] * shape[1]).reshape(shape)
