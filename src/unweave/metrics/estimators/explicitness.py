"""Explicitness of InfoMEC (Hsu et al., 2023): how much of a factor a logistic regression reads from
the codes.
"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.estimators.classifiers import (
    log_loss,
    logistic,
    standardise,
    standardise_robustly,
)
from unweave.metrics.estimators.row_weights import weights_of
from unweave.metrics.tables.kinds import shared_levels
from unweave.metrics.tables.table import Table


def explicitness(table: Table, official: bool, discrete: bool) -> np.ndarray:
    """1 - H(v|z) / H(v) of every factor; on test rows and at least 0, or in sample and plain as the
    authors have it.
    """
    fit = table
    test = table
    if not official:
        fit, test = table.sides()
    v_fit, v_test = shared_levels(fit, test)
    if discrete:
        z_fit, z_test = one_hot(fit.codes, test.codes)
    elif official:
        z_fit, z_test = standardise(fit.codes, test.codes, weights=fit.weights)
    else:
        z_fit, z_test = standardise_robustly(fit.codes, test.codes, weights=fit.weights)
    explicit = np.full(v_fit.shape[1], math.nan)
    for k in range(v_fit.shape[1]):
        known = v_fit[:, k] >= 0
        classes, counts = np.unique(v_fit[known, k], return_counts=True)
        tested = np.isin(v_test[:, k], classes)
        if len(classes) < 2 or not tested.any():
            continue
        index = np.searchsorted(classes, v_fit[known, k])  # (n,): the class of each row fitted
        prior: np.ndarray
        if official:
            # balanced classes, no penalty, and equal chances as the blind guess
            w = (known.sum() / (len(classes) * counts))[index]
            strength = np.inf
            prior = np.ones(len(classes))
        else:
            w = weights_of(fit.weights, known)
            strength = 1.0
            prior = np.bincount(index, w)
        model = logistic(z_fit[known], v_fit[known, k], w, table.protocol, table.seed, strength)
        labels = np.searchsorted(classes, v_test[tested, k])
        w_test = weights_of(test.weights, tested)
        # H(v) is the log loss of the prior, H(v | z) that of the classifier
        chances = np.broadcast_to(prior / prior.sum(), (len(labels), len(classes)))
        blind = log_loss(labels, chances, w_test)
        seeing = log_loss(labels, model.predict_proba(z_test[tested]), w_test)
        explicit[k] = 1 - seeing / blind
    if official:
        return explicit
    return np.maximum(explicit, 0)


def one_hot(fit: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Codes (n, D) of each table as indicators of the values in the first one, (n, sum of the
    numbers of values).

    >>> one_hot(np.array([[3.0], [5.0]]), np.array([[5.0], [4.0]]))[1]
    array([[0., 1.],
           [0., 0.]])
    """
    values = [np.unique(column) for column in fit.T]
    tables = (fit, *others)
    return [
        np.hstack([(z[:, j, None] == values[j]).astype(np.float64) for j in range(z.shape[1])])
        for z in tables
    ]
