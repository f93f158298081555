"""Robust MIG (Do and Tran, 2020): the information gap under the stochastic encoder."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.contingency import from_indices
from unweave.metrics.estimators.entropies import entropy
from unweave.metrics.estimators.information import runner_up, too_few
from unweave.metrics.tables.kinds import factor_levels
from unweave.settings import Setting

BINS = 100


@metric(
    measures=("compactness",),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents"),
    falls=("rotation",),
    error="jackknife",
    uses=("log_var",),
)
def rmig(
    table: Table, *, bins: Annotated[int, Setting("bins of each code", low=2, high=10_000)] = BINS
) -> Measured:
    """RMIG, from 0 to 1, higher is better.

    MIG, where I(z_j; v_k) is of the quantised stochastic code: the mass that q(z_j|x) has in each
    of 100 equal bins, summed over images. The noise of the encoder counts, as it does not in a
    histogram of means.

    parts: `gap`, `entropy` of every factor. matrix: I(z_j; v_k) in nats.

    Source: Do and Tran 2020, section 4.2 and appendix (quantised estimator). **Departures**: bins
    span the means and four standard deviations around them, where the paper fixes [-4, 4], which
    cuts codes of another scale. Without log_var the code is deterministic, its means are what is
    binned, and information is chance-corrected. The mass of posteriors is plug-in, as if the rows
    were all the images there are: narrow posteriors of noise (deviation .05) beside a factor of 40
    levels know .5 nats of it at 1,000 rows, which the gap takes off only where both latents are
    noise.
    """
    if table.width < 2:
        return Measured(math.nan, "", reason="one latent: no runner-up to compare with")
    reason = too_few(table, bins)
    if reason:
        return Measured(math.nan, "", reason=reason)
    v = factor_levels(table)
    if table.log_var is None:
        found = from_indices(_equal_bins(table.codes, bins), v, table.weights, corrected=True)
        mutual = found.mutual
        factors = found.factors
        estimator = f"{found.estimator}, {bins} bins, means only, no log_var"
    else:
        mutual, factors = _quantised(table, v, bins)
        estimator = f"plug-in mutual information, {bins} bins, mass of the posteriors"
    best, second = runner_up(mutual)
    gap = (best - second) / np.where(factors > 0, factors, np.nan)
    return Measured(
        mean(gap), estimator, factors={"gap": gap, "entropy": factors}, matrix=mutual, pairwise=True
    )


def _equal_bins(codes: np.ndarray, bins: int) -> np.ndarray:
    """Equal-width bins of each column of codes (N, D), from its smallest to its largest value."""
    low = codes.min(0)
    spread = np.ptp(codes, axis=0).astype(np.float64)
    return np.minimum((codes - low) * (bins / np.where(spread > 0, spread, 1)), bins - 1).astype(
        np.int64
    )


def _quantised(table: Table, v: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """I(z_j; v_k) (D, K) and H(v_k) (K,) from the mass of every posterior in every bin."""
    from scipy.special import ndtr

    assert table.log_var is not None
    w = table.row_weights()
    spread = np.exp(0.5 * table.log_var)
    # of each factor, (L, N): the weight of each row at its level
    members = [
        np.where(column >= 0, w, 0) * (column == np.arange(column.max() + 1)[:, None])
        for column in v.T
    ]
    factors = np.array([entropy(rows.sum(1)) for rows in members])
    mutual = np.zeros((table.codes.shape[1], v.shape[1]))
    for j in range(table.codes.shape[1]):
        mean_z = table.codes[:, j].astype(np.float64)
        sd = spread[:, j]
        edges = np.linspace((mean_z - 4 * sd).min(), (mean_z + 4 * sd).max(), bins + 1)[1:-1]
        # (N, bins): mass of each posterior in each bin
        below = ndtr((edges - mean_z[:, None]) / sd[:, None])
        mass = np.diff(below, axis=1, prepend=0, append=1)
        for k, rows in enumerate(members):
            joint = rows @ mass  # (L, bins)
            shared = entropy(joint.sum(0)) + factors[k] - entropy(joint.ravel())
            mutual[j, k] = max(shared, 0.0)
    return mutual, factors
