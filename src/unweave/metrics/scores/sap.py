"""Separated attribute predictability (Kumar et al., 2018): how much better is the best latent than
the next one?
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import (
    accuracy,
    balanced_accuracy,
    in_exact_units,
    one_class_note,
    standardise,
)
from unweave.metrics.estimators.correlations import correlations
from unweave.metrics.estimators.information import runner_up
from unweave.metrics.estimators.row_weights import or_ones, weights_of
from unweave.metrics.estimators.support_vectors import support_vector_lines
from unweave.metrics.tables.kinds import shared_levels

STRENGTH = 100.0  # C times the number of rows: what the study's C = 0.01 is at its 10,000 rows
LARGEST = 1e100  # size of codes whose squares float64 can represent


@metric(
    measures=("compactness",),
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    falls=("rotation",),
    protocols=("unweave", "dlib", "dlib-2018"),
    uses=("test",),
    draws=True,
)
def sap(table: Table, *, kind: Literal["auto", "discrete", "continuous"] = "auto") -> Measured:
    """SAP, from 0 to 1, higher is better; small values are usual.

    S_jk measures how well latent j alone predicts factor k; SAP is the mean over k of the best
    minus the second best S_jk.

    kind: "continuous": S is the squared correlation. "discrete": S is the test accuracy of a linear
        support vector machine (squared hinge loss, one against the rest, balanced classes) on that
        one latent. "auto": by factor, continuous ones (see `kinds`) by the squared correlation of
        ranks; disentanglement_lib takes all as discrete.
    parts: `gap` and `best` of every factor. matrix: S.

    Source: Kumar et al. 2018, section 3. **Departures**: "auto" correlates ranks, since a logarithm
    or a long tail of a measurement entangles nothing; codes are standardised, C n = 100 and the
    accuracy is the balanced one, so that the score does not move with the units of the codes or
    with n; protocol dlib has raw codes, C = 0.01 and plain accuracy. The machine has two weights a
    class and is solved exactly, by Newton's method.
    """
    if table.width < 2:
        return Measured(math.nan, "", reason="one latent: no runner-up to compare with")
    dlib = table.protocol.startswith("dlib")
    if dlib and np.abs(table.codes).max() > LARGEST:
        reason = "codes are too large to square, and this protocol does not rescale them"
        return Measured(math.nan, "", reason=reason)
    by_correlation = _by_correlation(table, kind)
    matrix, ways = _predictability(table, kind, by_correlation)  # (D, K)
    best, second = runner_up(matrix)  # (K,) each
    chosen = np.array(table.latents)[matrix.argmax(0)]
    reasons = [one_class_note(best)]
    if by_correlation.all():
        rows_used = "all rows"
        n = table.n
        if table.test is not None:
            reasons.append("test is not used: correlations are of all rows")
    else:
        rows_used = table.split_note()
        n = table.sides()[0].n
    return Measured(
        mean(best - second),
        f"{', '.join(ways)}; {rows_used}",
        factors={"gap": best - second, "best": np.where(np.isnan(best), np.nan, chosen)},
        matrix=matrix,
        n=n,
        reason="; ".join(reason for reason in reasons if reason),
    )


def _by_correlation(table: Table, kind: str) -> np.ndarray:
    """Which factors are scored by correlation and not by a classifier, (K,) bool."""
    if kind == "continuous":
        return np.ones(len(table.kinds), bool)
    if kind == "discrete" or table.protocol.startswith("dlib"):
        return np.zeros(len(table.kinds), bool)
    return np.array([one == "continuous" for one in table.kinds], bool)


def _predictability(
    table: Table, kind: str, by_correlation: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """S (D, K), and the estimators in words. by_correlation: (K,) bool."""
    fit, test = table.sides()
    matrix = np.zeros((len(table.latents), len(table.varying)))
    ways = []
    if by_correlation.any():
        # all rows, but those to fit on where other factors need a split
        rows = fit
        if by_correlation.all():
            rows = table
        if kind == "continuous":
            squared = squared_correlations(rows)
            ways.append("squared correlation")
        else:
            squared = correlations(rows, ranked=True) ** 2
            ways.append("squared rank correlation")
        matrix[:, by_correlation] = squared[:, by_correlation]
    if not by_correlation.all():
        accuracies = _accuracies(fit, test, table.protocol.startswith("dlib"))
        matrix[:, ~by_correlation] = accuracies[:, ~by_correlation]
        ways.append("linear support vector machines")
    return matrix, ways


def squared_correlations(table: Table) -> np.ndarray:
    """Squared correlation of every latent with every factor, (D, K), over the rows where the factor
    is known.
    """
    dlib = table.protocol.startswith("dlib")
    least = 0.0  # variance of a latent that counts
    if dlib:
        least = 1e-12
    squared = np.zeros((len(table.latents), len(table.varying)))
    for k, column in enumerate(in_exact_units(table.factors).T):
        known = ~np.isnan(column)
        w = weights_of(table.weights, known)
        if dlib:
            z = table.codes[known].astype(np.float64)
        else:
            (z,) = standardise(table.codes[known], weights=w)
        v = column[known]
        z = z - np.average(z, 0, w)
        v = v - np.average(v, weights=w)
        w = or_ones(w, len(v))
        variance = (w[:, None] * z**2).sum(0) / w.sum()  # (D,)
        live = variance > least
        covariance = (w * v) @ z / w.sum()  # (D,)
        squared[live, k] = covariance[live] ** 2 / (variance[live] * (w * v**2).sum() / w.sum())
    return squared


def _accuracies(fit: Table, test: Table, dlib: bool) -> np.ndarray:
    """Test accuracy of a machine on every latent for every factor, (D, K)."""
    v_fit, v_test = shared_levels(fit, test)
    if dlib:
        score = accuracy
        z_fit = fit.codes
        z_test = test.codes
    else:
        score = balanced_accuracy
        z_fit, z_test = standardise(fit.codes, test.codes, weights=fit.weights)
    matrix = np.full((z_fit.shape[1], v_fit.shape[1]), np.nan)
    for k in range(v_fit.shape[1]):
        known = v_fit[:, k] >= 0
        tested = v_test[:, k] >= 0
        classes, labels = np.unique(v_fit[known, k], return_inverse=True)
        if len(classes) < 2 or not tested.any():
            continue
        w = weights_of(fit.weights, known)
        if w is not None:
            w = w / w.mean()
        w_test = weights_of(test.weights, tested)
        c = STRENGTH / known.sum()
        if dlib:
            c = 0.01
        for j in range(z_fit.shape[1]):
            slopes, offsets = support_vector_lines(z_fit[known, j].astype(np.float64), labels, c, w)
            # the class whose line is highest at each test row
            best = (z_test[tested, j, None] * slopes + offsets).argmax(1)
            matrix[j, k] = score(v_test[tested, k], classes[best], w_test)
    return matrix
