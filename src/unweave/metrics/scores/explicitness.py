"""Explicitness (Ridgeway and Mozer, 2018): can a linear classifier read the factors from the whole
code?
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import (
    area_under_curve,
    logistic,
    standardise,
    standardise_robustly,
)
from unweave.metrics.estimators.row_weights import weights_of
from unweave.metrics.tables.kinds import shared_levels


@metric(
    measures=("explicitness",),
    range=(0.0, 1.0),
    cost="fit",
    invariant=(
        "permutation",
        "sign",
        "scale",
        "dead latents",
        "noise latents",
        "outlier",
        "rotation",
    ),
    protocols=("unweave", "dlib", "dlib-2018"),
    uses=("test",),
    draws=True,
    error="none",
    no_error="no error: near 1 half of the rows reads the factors so much less well that halves "
    "state twice the spread",
)
def explicitness(table: Table) -> Measured:
    """Explicitness, the mean area under the ROC curve; chance is .5 and 1 is best.

    A logistic regression predicts the value of each factor from the standardised code; the area is
    of each value against the rest on test rows, averaged over the values of a factor, then over
    factors.

    parts: `test` and `train` of every factor, and their means as `explicitness_test` and
        `explicitness_train`.

    Source: Ridgeway and Mozer 2018, section 3. The classifier is multinomial; one-vs-rest under
    dlib-2018, which moves the score by .03. **Departures**: codes are cut at their 0.1 % and 99.9 %
    quantiles, since one outlier compresses a standardised latent; iterates until it has converged;
    a value that no test row has is left out.
    """
    fit, test = table.sides()
    v_fit, v_test = shared_levels(fit, test)
    scaled = standardise_robustly
    if table.protocol.startswith("dlib"):
        scaled = standardise
    z_fit, z_test = scaled(fit.codes, test.codes, weights=fit.weights)
    areas = np.full((2, v_fit.shape[1]), math.nan)  # of rows fitted and tested
    absent = 0
    for k in range(v_fit.shape[1]):
        known = v_fit[:, k] >= 0
        classes = np.unique(v_fit[known, k])
        if len(classes) < 2:
            continue
        w = weights_of(fit.weights, known)
        model = logistic(z_fit[known], v_fit[known, k], w, table.protocol, table.seed)
        areas[0, k] = _mean_area(model, classes, z_fit, v_fit[:, k], fit.weights)
        areas[1, k] = _mean_area(model, classes, z_test, v_test[:, k], test.weights)
        absent += len(set(classes) ^ set(v_test[v_test[:, k] >= 0, k]))
    form = "multinomial"
    if table.protocol == "dlib-2018":
        form = "one-vs-rest"
    reason = ""
    if absent:
        reason = f"{absent} values of factors are absent from the test rows or the rows fitted"
    return Measured(
        mean(areas[1]),
        f"{form} logistic regression; {table.split_note()}",
        pieces={"explicitness_test": mean(areas[1]), "explicitness_train": mean(areas[0])},
        factors={"test": areas[1], "train": areas[0]},
        n=fit.n,
        reason=reason,
    )


def _mean_area(
    model: Any, classes: np.ndarray, z: np.ndarray, v: np.ndarray, weights: np.ndarray | None
) -> float:
    """Area under the ROC curve of each class (C,) against the rest, mean over the classes, of rows
    z (n, D), v (n,).
    """
    rows = v >= 0
    chance = np.empty((0, len(classes)))  # (n, C)
    if rows.any():
        chance = model.predict_proba(z[rows])
    w = weights_of(weights, rows)
    # each class against the rest, by its probability
    areas = [area_under_curve(v[rows] == c, chance[:, i], w) for i, c in enumerate(classes)]
    return mean(np.array(areas))
