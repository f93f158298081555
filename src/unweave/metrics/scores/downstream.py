"""Downstream prediction (Locatello et al., 2019): how well, and from how few labels, are the
factors predicted?
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import one_class_note
from unweave.metrics.estimators.importances import fits
from unweave.metrics.estimators.predictors import Predictor
from unweave.seeds import fold

SIZES = (10, 100, 1_000)
# names here and among the estimators of DCI
PREDICTORS = {"logistic": "linear", "boosting": "boosting"}


@metric(
    measures=("usefulness", "explicitness"),
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "rotation"),
    ranges={"efficiency": (0.0, math.inf)},
    uses=("test",),
    draws=True,
)
def downstream(table: Table, *, predictor: Predictor = "logistic") -> Measured:
    """Test accuracy of predicting the factors from the code, from 0 to 1, higher is better; chance
    is 1 / values.

    One classifier for each factor; the value is its accuracy on test rows, mean over factors, after
    all rows to fit (at most 10,000). The same after 10, 100 and 1,000 of these rows says how few
    labels suffice: efficiency = accuracy after 100 / accuracy after all.

    predictor: "logistic": multinomial logistic regression on standardised codes. "boosting":
        gradient-boosted trees, fitted once for this and for `dci`.
    parts: `accuracy`, `accuracy_10`, `accuracy_100`, `accuracy_1000` (NaN where there are not more
        rows than that) and `efficiency`; `accuracy_per_factor`.

    Source: Locatello et al. 2019, section 5.5; disentanglement_lib's `downstream_task`.
    **Departures**: a fixed penalty (C = 1) on standardised codes in place of cross-validation over
    ten penalties of raw ones; the rows of a smaller size are part of the larger; a factor of which
    the drawn rows have one value only is left out of that size's mean, where that code raises an
    error. Known failure: what a linear classifier cannot read it does not count, and trees prefer
    codes along axes, so name the predictor beside the number.
    """
    fit, test = table.sides()
    order = np.random.default_rng(fold(table.seed, "few labels")).permutation(fit.n)
    found = fits(table, PREDICTORS[predictor]).test  # (K,)
    pieces = {"accuracy": mean(found)}
    # the first rows of one order, so that the rows of a smaller size are part of the larger
    for size in SIZES:
        pieces[f"accuracy_{size}"] = math.nan
        if fit.n > size and not table.half:
            few = replace(fit.rows(np.sort(order[:size])), test=test, cache={})
            pieces[f"accuracy_{size}"] = mean(fits(few, PREDICTORS[predictor]).test)
    whole = pieces["accuracy"]
    pieces["efficiency"] = math.nan
    if whole > 0:
        pieces["efficiency"] = pieces["accuracy_100"] / whole
    return Measured(
        whole,
        f"{predictor}; {table.split_note()}",
        pieces,
        factors={"accuracy_per_factor": found},
        n=fit.n,
        reason=one_class_note(found),
    )
