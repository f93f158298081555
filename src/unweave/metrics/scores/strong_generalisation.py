"""Strong generalisation (Locatello et al., 2020): are factors predicted where another factor has a
value never seen?
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import accuracy, standardise
from unweave.metrics.estimators.predictors import Predictor, predictors
from unweave.metrics.estimators.row_weights import weights_of
from unweave.metrics.tables.kinds import shared_levels
from unweave.seeds import fold

FIT_ROWS = 2_000


@metric(
    measures=("usefulness",),
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    ranges={"gap": (-math.inf, 1.0)},
    uses=("test",),
    draws=True,
)
def strong_generalisation(
    table: Table,
    *,
    trained_on: Literal["others", "value"] = "others",
    predictor: Predictor = "logistic",
) -> Measured:
    """Test accuracy under a value of another factor that was never seen, from 0 to 1, higher is
    better.

    For every factor j one of its values c is drawn by the seed. Classifiers of the other factors
    are fitted on rows with v_j != c and tested on rows with v_j = c; the value is the mean accuracy
    over all pairs (j, k).

    trained_on: "others" holds one value out; "value" is the harder reverse, fitted on v_j = c and
        tested on the rest.
    predictor: "logistic" or "boosting", as in `downstream`; on at most 2,000 rows.
    parts: `accuracy` under the usual split, and `gap` = 1 - value / accuracy; `held_out` of every
        target factor, and `moved`, the mean over the targets while a value of that factor was held
        out.

    Source: Locatello et al. 2020 (JMLR), section 6; disentanglement_lib's `strong_downstream_task`
        is "value".
    **Departures**: every factor's value is held out once, by the seed (that code draws from a
    global random stream, and fails at a factor with one value); the value is the accuracy, since
    the gap of useless codes is 0 as well. Known failure: on correlated factors the held-out rows
    differ in more than the held-out value.
    """
    if len(table.varying) < 2:
        return Measured(
            math.nan, "", reason="one factor: no other factor whose value could be held out"
        )
    fit, test = table.sides()
    of_rows = np.random.default_rng(fold(table.seed, "rows of strong_generalisation"))
    order = of_rows.permutation(fit.n)
    fit = fit.rows(np.sort(order[: table.most(FIT_ROWS)]))
    # a stream of its own, so that the values held out do not depend on the number of rows
    rng = np.random.default_rng(fold(table.seed, "held-out values"))
    v_fit, v_test = shared_levels(fit, test)
    usual = mean(_accuracies(fit, test, v_fit, v_test, predictor))
    # (K, K): of the factor whose value is held out, by target factor
    found = np.full((len(table.varying), len(table.varying)), math.nan)
    for j in range(len(found)):
        seen, new = _apart(v_fit[:, j], v_test[:, j], trained_on, rng)
        # the factor whose value is held out is not a target
        target = np.arange(len(found)) != j
        of_seen = np.where(seen[:, None] & target, v_fit, -1)
        of_new = np.where(new[:, None] & target, v_test, -1)
        found[j] = _accuracies(fit, test, of_seen, of_new, predictor)
    strong = mean(found.ravel())
    gap = math.nan
    if usual > 0:
        gap = 1 - strong / usual
    way = {"others": "one value held out", "value": "one value seen"}[trained_on]
    rows = f"at most {fit.n} rows fitted, {test.n} tested"
    reason = ""
    if not np.isfinite(strong):
        reason = "no value leaves rows to fit and rows to test"
    return Measured(
        strong,
        f"{predictor}, {way}; {rows}, values and rows drawn by seed {table.seed}",
        {"accuracy": usual, "gap": gap},
        factors={
            "held_out": np.array([mean(column) for column in found.T]),
            "moved": np.array([mean(row) for row in found]),
        },
        n=fit.n,
        reason=reason,
    )


def _apart(
    v_fit: np.ndarray, v_test: np.ndarray, trained_on: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to fit on (n,) and rows to test on (m,), bool, which share no value of a factor whose
    levels are v_fit (n,) and v_test (m,): one value at random on one side, and the others.
    """
    known_test = v_test >= 0
    value = -1
    if known_test.any():
        value = rng.choice(np.unique(v_test[known_test]))
    if trained_on == "value":
        return v_fit == value, known_test & (v_test != value)
    return (v_fit >= 0) & (v_fit != value), v_test == value


def _accuracies(
    fit: Table, test: Table, v_fit: np.ndarray, v_test: np.ndarray, predictor: str
) -> np.ndarray:
    """Test accuracy of every factor, (K,), over rows of known level; NaN where there is nothing to
    fit or to test.

    Codes are on the scale of all rows, since a latent may hardly move while the value of a factor
    is fixed.
    """
    z, z_test = standardise(fit.codes, test.codes, weights=fit.weights)
    right = np.full(v_fit.shape[1], math.nan)
    for k, predict in predictors(predictor, z, v_fit, fit.weights, fit.seed).items():
        tested = v_test[:, k] >= 0
        if tested.any():
            w = weights_of(test.weights, tested)
            right[k] = accuracy(v_test[tested, k], predict(z_test[tested]), w)
    return right
