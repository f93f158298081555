"""Separated attribute predictability (Kumar et al., 2018): how much better is the best latent than the next one?"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import accuracy, balanced_accuracy, in_exact_units, standardise
from unweave.metrics.estimators.correlations import correlations
from unweave.metrics.estimators.information import runner_up
from unweave.metrics.tables.kinds import shared_levels

STRENGTH = 100.0  # C times the number of rows: what the study's C = 0.01 is at its 10,000 rows

LARGEST = 1e100


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

    S_jk says how well latent j alone predicts factor k; SAP is the mean over k of the best minus the second best S_jk.

    kind: "continuous": S is the squared correlation. "discrete": S is the test accuracy of a linear support vector
        machine (squared hinge loss, one against the rest, balanced classes) on that one latent. "auto": by factor,
        continuous ones (see `kinds`) by the squared correlation of ranks; disentanglement_lib takes all as discrete.
    parts: `gap` and `best` of every factor. matrix: S.

    Source: Kumar et al. 2018, section 3. **Departures**: "auto" correlates ranks, since a logarithm or a long tail of a
    measurement tangles nothing; codes are standardised, C n = 100 and the accuracy is the balanced one, so that the
    score does not move with the units of the codes or with n; protocol dlib has raw codes,
    C = 0.01 and plain accuracy. The machine has two weights a class and is solved exactly, by Newton's method.
    """
    if table.width < 2:
        return Measured(math.nan, "", reason="one latent: no runner-up to compare with")
    dlib = table.protocol.startswith("dlib")
    if dlib and np.abs(table.codes).max() > LARGEST:
        return Measured(math.nan, "", reason="codes are too large to square, and this protocol does not rescale them")
    smooth = np.array([one == "continuous" for one in table.kinds])
    by_correlation = np.full(len(smooth), kind == "continuous") | (smooth & (kind == "auto") & (not dlib))
    fit, test = table.sides()
    matrix = np.zeros((len(table.latents), len(table.varying)))
    if by_correlation.any():
        rows = table if by_correlation.all() else fit
        squared = squared_correlations(rows) if kind == "continuous" else correlations(rows, ranked=True) ** 2
        matrix[:, by_correlation] = squared[:, by_correlation]
    if not by_correlation.all():
        matrix[:, ~by_correlation] = _accuracies(fit, test, dlib)[:, ~by_correlation]
    best, second = runner_up(matrix)
    chosen = np.array(table.latents)[matrix.argmax(0)]
    correlated = "squared correlation" if kind == "continuous" else "squared rank correlation"
    ways = [correlated] if by_correlation.any() else []
    ways += [] if by_correlation.all() else ["linear support vector machines"]
    rows_used = "all rows" if by_correlation.all() else table.split_note()
    missing = np.isnan(best)
    reasons = [
        "a factor has one class only in the rows fitted or none in those tested" if missing.any() else "",
        "test is not used: correlations are of all rows" if table.test is not None and by_correlation.all() else "",
    ]
    return Measured(
        mean(best - second),
        f"{', '.join(ways)}; {rows_used}",
        factors={"gap": best - second, "best": np.where(missing, np.nan, chosen)},
        matrix=matrix,
        n=table.n if by_correlation.all() else fit.n,
        reason="; ".join(reason for reason in reasons if reason),
    )


def squared_correlations(table: Table) -> np.ndarray:
    """Squared correlation of every latent with every factor, (D, K), over the rows where the factor is known."""
    squared = np.zeros((len(table.latents), len(table.varying)))
    for k, column in enumerate(in_exact_units(table.factors).T):
        known = ~np.isnan(column)
        w = None if table.weights is None else table.weights[known]
        dlib = table.protocol.startswith("dlib")
        z = table.codes[known].astype(np.float64) if dlib else standardise(table.codes[known], weights=w)[0]
        v = column[known]
        z, v = z - np.average(z, 0, w), v - np.average(v, weights=w)
        w = np.ones(len(v)) if w is None else w
        variance = (w[:, None] * z**2).sum(0) / w.sum()
        live = variance > (1e-12 if dlib else 0)
        covariance = (w * v) @ z / w.sum()
        squared[live, k] = covariance[live] ** 2 / (variance[live] * (w * v**2).sum() / w.sum())
    return squared


def _accuracies(fit: Table, test: Table, dlib: bool) -> np.ndarray:
    """Test accuracy of a machine on every latent for every factor, (D, K)."""
    v_fit, v_test = shared_levels(fit, test)
    z_fit, z_test = (fit.codes, test.codes) if dlib else standardise(fit.codes, test.codes, weights=fit.weights)
    score = accuracy if dlib else balanced_accuracy
    matrix = np.full((z_fit.shape[1], v_fit.shape[1]), np.nan)
    for k in range(v_fit.shape[1]):
        known, asked = v_fit[:, k] >= 0, v_test[:, k] >= 0
        classes, labels = np.unique(v_fit[known, k], return_inverse=True)
        if len(classes) < 2 or not asked.any():
            continue
        w = None if fit.weights is None else fit.weights[known] / fit.weights[known].mean()
        tested = None if test.weights is None else test.weights[asked]
        c = 0.01 if dlib else STRENGTH / known.sum()
        for j in range(z_fit.shape[1]):
            slopes, offsets = support_vector_lines(z_fit[known, j].astype(np.float64), labels, c, w)
            best = (z_test[asked, j, None] * slopes + offsets).argmax(1)
            matrix[j, k] = score(v_test[asked, k], classes[best], tested)
    return matrix


def support_vector_lines(
    z: np.ndarray, labels: np.ndarray, c: float, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Slope and offset, (classes,) each, of the line that tells each class from the rest by one number z (N,).

    Minimises (w^2 + b^2) / 2 + sum of C_i max(0, 1 - y_i (w z_i + b))^2 by damped Newton steps, for all classes at
    once. C_i as liblinear has it: C n / (classes rows of the class) for the class itself and C for the rest; of two
    classes, both are balanced.
    """
    classes = int(labels.max()) + 1
    counts = np.bincount(labels, weights, minlength=classes)
    own = labels[:, None] == np.arange(classes)
    balance = counts.sum() / (classes * counts)
    cost = c * np.where(own, balance, balance[::-1] if classes == 2 else 1.0)
    if weights is not None:
        cost = cost * weights[:, None]
    y = np.where(own, 1.0, -1.0)

    def slack(w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        xi = np.maximum(0, 1 - y * (z[:, None] * w + b))
        return xi, (w**2 + b**2) / 2 + (cost * xi**2).sum(0)

    w, b = np.zeros(classes), np.zeros(classes)
    xi, loss = slack(w, b)
    for _ in range(50):
        pull, active = 2 * cost * y * xi, 2 * cost * (xi > 0)
        g_w, g_b = w - z @ pull, b - pull.sum(0)
        h_ww, h_wb, h_bb = 1 + z**2 @ active, z @ active, 1 + active.sum(0)
        det = h_ww * h_bb - h_wb**2
        d_w, d_b = (h_bb * g_w - h_wb * g_b) / det, (h_ww * g_b - h_wb * g_w) / det
        if (g_w * d_w + g_b * d_b <= 1e-12 * (1 + loss)).all():
            break
        step = np.ones(classes)
        while True:
            moved, lower = slack(w - step * d_w, b - step * d_b)
            worse = lower > loss + 1e-12 * np.abs(loss)
            if not worse.any() or step.min() < 1e-6:
                break
            step[worse] /= 2
        w, b, xi, loss = w - step * d_w, b - step * d_b, moved, lower
    return w, b
