"""Fairness (Locatello et al., 2019): does a prediction from the code depend on a factor that should
not matter?
"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import accuracy, one_class_note, standardise
from unweave.metrics.estimators.predictors import Predictor, predictors
from unweave.metrics.estimators.row_weights import weights_of
from unweave.metrics.tables.kinds import shared_levels


@metric(
    measures=("fairness",),
    direction="lower",
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    uses=("test",),
    draws=True,
)
def fairness(table: Table, *, predictor: Predictor = "logistic") -> Measured:
    """Unfairness of predictions from the code, from 0 to 1, lower is better: 0 is demographic
    parity.

    A classifier predicts a target factor k from the code. For a sensitive factor j the unfairness
    is the mean over its values c of TV(p(prediction | do(v_j = c)), p(prediction)), with TV the
    total variation, half the sum of absolute differences. The value is the mean over all pairs (k,
    j) of different factors. do(v_j = c) is found from test rows by adjusting for the target:
    p(prediction | do(c)) = sum over a of p(v_k = a) p(prediction | v_k = a, v_j = c). A prediction
    that is always right scores exactly 0.

    predictor: "logistic" or "boosting", as in `downstream`.
    parts: `mean`, `max` (over pairs, of the largest c; no error is known of it) and `accuracy`; of
        every factor `target` (the mean where it is predicted) and `sensitive` (the mean where it
        should not matter).

    Source: Locatello et al. 2019 (On the fairness of disentangled representations), section 2 and
    eq. 3; disentanglement_lib's `fairness`, `mean_fairness:mean_pred:mean_sens`. **Departures**:
    that code renders 100 images with v_j set to every value, all else equal; here rows are
    adjusted, which needs no images, is the same in expectation where factors are independent, and
    does not blame the predictor where target and sensitive factor are correlated in the data. Its
    classifier is boosting. Known failure: a prediction that ignores the code is fair as well, so
    read `accuracy` beside it; with few rows a value the finite sample alone adds some hundredths,
    which the null floor shows.
    """
    if len(table.varying) < 2:
        return Measured(math.nan, "", reason="one factor: no other factor to be fair to")
    fit, test = table.sides()
    truth, predicted = _predict(fit, test, predictor)
    factors = range(truth.shape[1])
    # (K, K) each, target by sensitive factor: mean and largest unfairness over the sensitive values
    typical, worst = np.full((2, len(factors), len(factors)), math.nan)
    for k in factors:
        for j in factors:
            rows = (truth[:, k] >= 0) & (truth[:, j] >= 0) & (predicted[:, k] >= 0)
            if j != k and rows.any():
                # (values of j,): how far the predictions at each value are from all predictions
                w = test.row_weights()[rows]
                apart = total_variation(predicted[rows, k], truth[rows, k], truth[rows, j], w)
                typical[k, j] = apart.mean()
                worst[k, j] = apart.max()
    largest = math.nan
    # half the rows do not show how much a maximum over many values differs from sample to sample
    if not table.half and not np.isnan(worst).all():
        largest = float(np.nanmax(worst))
    right = [_accuracy(truth[:, k], predicted[:, k], test.weights) for k in factors]
    return Measured(
        mean(typical.ravel()),
        f"{predictor}; {table.split_note()}",
        {"mean": mean(typical.ravel()), "max": largest, "accuracy": mean(np.array(right))},
        factors={
            "target": np.array([mean(row) for row in typical]),
            "sensitive": np.array([mean(column) for column in typical.T]),
        },
        n=fit.n,
        reason=one_class_note(np.array(right)),
    )


def _predict(fit: Table, test: Table, predictor: str) -> tuple[np.ndarray, np.ndarray]:
    """Levels of the factors in the test rows, true and predicted, (n, K); -1 where not known or not
    predicted.
    """
    v_fit, truth = shared_levels(fit, test)
    z, z_test = standardise(fit.codes, test.codes, weights=fit.weights)
    predicted = np.full(truth.shape, -1)
    for k, predict in predictors(predictor, z, v_fit, fit.weights, fit.seed).items():
        if test.n:
            predicted[:, k] = predict(z_test)
    return truth, predicted


def _accuracy(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None) -> float:
    """Accuracy over the rows (n,) whose level is known and predicted."""
    known = (truth >= 0) & (predicted >= 0)
    return accuracy(truth[known], predicted[known], weights_of(weights, known))


def total_variation(
    predicted: np.ndarray, target: np.ndarray, sensitive: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """TV(p(prediction | do(c)), p(prediction)) of every value c of the sensitive factor; all
    indices, (n,).

    Targets that do not occur together with c are left out of both sides of that comparison.

    >>> follows, target = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    >>> total_variation(follows, target, sensitive=follows, weights=np.ones(4))
    array([0.5, 0.5])
    """
    a, target = np.unique(target, return_inverse=True)
    c, sensitive = np.unique(sensitive, return_inverse=True)
    outcomes = int(predicted.max()) + 1
    shape = (len(a), len(c), outcomes)
    # (A, C, O): weight of each target, sensitive value and outcome
    place = np.ravel_multi_index((target, sensitive, predicted), shape)
    cells = np.bincount(place, weights, minlength=np.prod(shape)).reshape(shape)
    together = cells.sum(2)  # (A, C)
    # p(o | a, c), (A, C, O), and p(o | a), (A, O)
    under = cells / np.where(together > 0, together, np.inf)[:, :, None]
    anyway = cells.sum(1) / np.maximum(together.sum(1), 1e-300)[:, None]
    # (A, C): p(a) among the targets that occur together with c
    share = together.sum(1)[:, None] * (together > 0)
    share = share / np.maximum(share.sum(0), 1e-300)
    # (C, O) -> (C,): p(o | do(c)) - p(o)
    return np.abs(np.einsum("ac,aco->co", share, under - anyway[:, None])).sum(1) / 2
