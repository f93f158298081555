"""DCI-ES (Eastwood et al., 2023): how large a model does it take to read the factors, and how large
is the code?
"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import one_class_note, standardise
from unweave.metrics.estimators.row_weights import or_ones, weights_of
from unweave.metrics.tables.kinds import shared_levels
from unweave.seeds import fold

ROWS = 4_000
FEATURES = (0, 8, 16, 32, 64, 128, 256, 512)
PENALTY = 1e-3


@metric(
    measures=("explicitness",),
    cost="fit",
    invariant=("scale", "dead latents"),
    uses=("test",),
    draws=True,
    error="none",
    no_error="no error: halves of the rows state .4 to .7 of the spread of E, and of I as little",
)
def dci_es(table: Table) -> Measured:
    """Explicitness E times informativeness I, mean over factors; from 0 to 1, higher is better.
    Size S is in the parts.

    Probes of growing capacity c predict a factor; l(c) is the least test loss up to c, in units of
    the loss of the best constant. E = 1 - 2 A / (log c_max - log c_min), A the area of l(c) -
    l(c_max) over log c: 1 if the smallest probe does as well as the largest, 0 if the loss falls in
    a straight line from 1 to 0. I = 1 - l(c_max). S = K / D, at most 1.

    The probes are ridge regressions of the indicators of a factor's values on the standardised
    codes and 0 to 512 random Fourier features of them (Rahimi and Recht 2007); c is the number of
    features, the loss squared error.
    parts: `explicitness`, `informativeness`, `size`; the first two per factor.

    Source: Eastwood et al. 2023, section 4. **Departures**: the paper reports E alone, which is 1
    for noise, since no probe can do better than the smallest there; at most 4,000 rows; one family
    of probes. Known failure: which frequencies the seed draws moves E by some hundredths, and so
    does the order of the latents; E of different families and capacities are different numbers;
    loss on indicators leaves I of a factor with many values far below 1 even for a perfect code,
    which `ceiling` shows.
    """
    fit, test = table.sides()
    order = np.random.default_rng(fold(table.seed, "rows of dci_es")).permutation(fit.n)
    rows = np.sort(order[: table.most(ROWS)])
    v_fit, v_test = shared_levels(fit.rows(rows), test)
    # (K,) each
    explicit, informed = np.full((2, v_fit.shape[1]), math.nan)
    features, new = _features(fit.rows(rows), test)
    # (8,): log of the number of regressors of each probe
    capacity = np.log(len(table.latents) + np.array(FEATURES))
    for k in range(v_fit.shape[1]):
        losses = _losses(features, new, v_fit[:, k], v_test[:, k], fit.weights, test.weights, rows)
        if losses is not None:
            # area between the curve of losses and its last value, by the trapezoid rule over the
            # log capacity
            above = losses - losses[-1]
            area = ((above[1:] + above[:-1]) / 2 * np.diff(capacity)).sum()
            explicit[k] = np.clip(1 - 2 * area / (capacity[-1] - capacity[0]), 0, 1)
            informed[k] = 1 - losses[-1]
    return Measured(
        mean(explicit * informed),
        f"ridge regression on up to {FEATURES[-1]} Fourier features; {table.split_note()}",
        {
            "explicitness": mean(explicit),
            "informativeness": mean(informed),
            "size": min(1.0, len(table.varying) / table.width),
        },
        factors={"explicitness_per_factor": explicit, "informativeness_per_factor": informed},
        n=len(rows),
        reason=one_class_note(informed),
    )


def _features(fit: Table, test: Table) -> tuple[np.ndarray, np.ndarray]:
    """Standardised codes and their random Fourier features, (n, D + 512), for both tables."""
    z, z_test = standardise(fit.codes, test.codes, weights=fit.weights)
    rng = np.random.default_rng(fold(fit.seed, "Fourier features"))
    # frequencies as of a Gaussian kernel whose width is the typical distance sqrt(2 D) of two rows
    turns = rng.standard_normal((FEATURES[-1], z.shape[1])).T / math.sqrt(2 * z.shape[1])
    phase = rng.uniform(0, 2 * math.pi, FEATURES[-1])
    first, second = (
        np.hstack([x, math.sqrt(2) * np.cos(2 * x @ turns + phase)]) for x in (z, z_test)
    )
    return first, second


def _losses(
    features: np.ndarray,
    new: np.ndarray,
    v: np.ndarray,
    v_test: np.ndarray,
    weights: np.ndarray | None,
    test_weights: np.ndarray | None,
    rows: np.ndarray,
) -> np.ndarray | None:
    """Least test loss up to each capacity, in units of the best constant's, (8,); None where
    nothing can be fitted.
    """
    from threadpoolctl import threadpool_limits

    known = v >= 0
    tested = v_test >= 0
    classes = np.unique(v[known])
    w = or_ones(weights_of(weights, rows), len(v))[known]
    w_test = weights_of(test_weights, tested)
    if len(classes) < 2 or not tested.any() or not w.sum() > 0:
        return None
    # indicators of the factor's values, (n, C), and the loss of their mean, the best constant
    target = v[known][:, None] == classes
    truth = v_test[tested][:, None] == classes
    share = np.average(target, 0, w)
    constant = np.average(((truth - share) ** 2).sum(1), weights=w_test)
    # about the means of the rows fitted, so that the offset needs no penalty
    centre = np.average(features[known], 0, w)
    x = features[known] - centre
    x_new = new[tested] - centre
    losses = []
    with threadpool_limits(1):
        # (D + 512, D + 512) and (D + 512, C), of which the smaller probes take the upper left
        gram = x.T @ (w[:, None] * x) / w.sum()
        pull = x.T @ (w[:, None] * (target - share)) / w.sum()
        # ridge regression on the codes and the first 0, 8, ..., 512 features
        for extra in FEATURES:
            c = features.shape[1] - FEATURES[-1] + extra
            slopes = np.linalg.solve(gram[:c, :c] + PENALTY * np.eye(c), pull[:c])
            errors = ((truth - share - x_new[:, :c] @ slopes) ** 2).sum(1)
            losses.append(np.average(errors, weights=w_test) / constant)
    # no probe is worse than the constant or than a smaller probe
    return np.minimum.accumulate(np.minimum(losses, 1))
