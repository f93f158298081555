"""Share of the factors' variance that a regression on the code explains: linear, and with a kernel."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.classifiers import in_exact_units, standardise
from unweave.metrics.estimators.quantiles import quantiles
from unweave.metrics.scores.mig import mean

KERNEL_ROWS = 1_000
PENALTIES = 10.0 ** np.arange(-5, 2)
Regression = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@metric(
    measures=("explicitness", "identifiability"),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "rotation"),
    uses=("test",),
    draws=True,
)
def r2(table: Table, *, kind: Literal["linear", "kernel"] = "linear") -> Measured:
    """Coefficient of determination R2 of the factors given the code, from 0 to 1, higher is better.

    R2_k = 1 - sum (v_k - f_k(z))^2 / sum (v_k - mean)^2 on test rows, at least 0; the value is the mean over factors.
    A linear R2 of 1 means that the factors are an affine function of the code, as in theorems of affine
    identifiability; a kernel R2 of 1 with a linear one below it means that all is there, but bent.

    kind: "linear": least squares. "kernel": kernel ridge regression with a Gaussian kernel, as wide as the median
        distance between rows, on at most 1,000 rows; the penalty is the one with the least leave-one-out error.
    parts: `linear` and `kernel`, and each of every factor.

    Source: Wright 1921; as a score of codes Roth et al. 2023 (linear) and von Kuegelgen et al. 2021, section 5
    (kernel). **Departures**: on test rows; a prediction worse than the mean counts as 0.
    Known failure: says nothing of axes (a rotation keeps it); categories are taken as numbers in their given order;
    an outlier among the codes bends a least-squares fit.
    """
    regressions: dict[str, Regression] = {"linear": least_squares, "kernel": kernel_ridge}
    # the kernel's errors and floors are found only if it is the value
    wanted = [name for name in regressions if name == kind or (name == "kernel" and table.whole)]
    unknown = np.full(len(table.varying), math.nan)
    found = {name: _explained(table, f) if name in wanted else unknown for name, f in regressions.items()}
    return Measured(
        mean(found[kind]),
        f"{'least squares' if kind == 'linear' else 'Gaussian kernel ridge'}; {table.split_note()}",
        {name: mean(part) for name, part in found.items()},
        factors={f"{name}_per_factor": part for name, part in found.items()},
        n=table.sides()[0].n,
        reason="a factor does not vary in the rows tested" if np.isnan(found[kind]).any() else "",
        cheap=kind == "linear",
    )


def _explained(table: Table, regression: Regression) -> np.ndarray:
    """R2 of every factor on the test rows, (K,); NaN where the factor is not known or does not vary there."""
    from threadpoolctl import threadpool_limits

    fit, test = table.sides()
    both = in_exact_units(np.concatenate([fit.factors, test.factors]))
    fit, test = replace(fit, factors=both[: fit.n]), replace(test, factors=both[fit.n :])
    explained = np.full(len(table.varying), math.nan)
    if regression is kernel_ridge:
        fit = fit.rows(np.random.default_rng([table.seed, 10]).permutation(fit.n)[: table.most(KERNEL_ROWS)])
    with threadpool_limits(1):
        for known, columns in alike(~np.isnan(fit.factors)):
            w = _weights(fit)[known]
            z, z_test = standardise(fit.codes[known], test.codes, weights=w)
            predicted = regression(z[w > 0], fit.factors[known][w > 0][:, columns], w[w > 0], z_test)
            for k, values in zip(columns, predicted.T, strict=True):
                asked = ~np.isnan(test.factors[:, k])
                explained[k] = determination(test.factors[asked, k], values[asked], _weights(test)[asked])
    return np.maximum(explained, 0)


def _weights(table: Table) -> np.ndarray:
    return np.ones(table.n) if table.weights is None else table.weights


def alike(known: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sets of rows (n,) and the columns of known (n, K) that are known in exactly these; a set of none is left out."""
    columns: dict[bytes, list[int]] = {}
    for k, rows in enumerate(known.T):
        columns.setdefault(rows.tobytes(), []).append(k)
    return [(known[:, same[0]], np.array(same)) for same in columns.values() if known[:, same[0]].any()]


def determination(v: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """1 - unexplained / whole variance; NaN where v does not vary.

    >>> determination(np.array([0.0, 2.0]), np.array([0.5, 1.5]), np.ones(2))
    0.75
    """
    if not weights.sum() > 0 or not np.ptp(v) > 0:
        return math.nan
    whole = np.average((v - np.average(v, weights=weights)) ** 2, weights=weights)
    return float(1 - np.average((v - predicted) ** 2, weights=weights) / whole) if whole > 0 else math.nan


def least_squares(z: np.ndarray, v: np.ndarray, w: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Predictions (m, K) at new (m, D) of the weighted least-squares plane through z (n, D), v (n, K)."""
    root = np.sqrt(w)[:, None]
    design = np.hstack([z, np.ones((len(z), 1))])
    plane = np.linalg.lstsq(root * design, root * v, rcond=None)[0]
    return np.hstack([new, np.ones((len(new), 1))]) @ plane


def kernel_ridge(z: np.ndarray, v: np.ndarray, w: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Predictions (m, K) at new (m, D) by kernel ridge regression on z (n, D), v (n, K) with weights w > 0.

    A = R (R k R + penalty)^-1 R, R = sqrt(w); the leave-one-out residual is (A v)_i / A_ii (Rasmussen and Williams
    2006, eq. 5.12), for all penalties from one eigendecomposition.
    """
    distance = _distances(z, z)
    pairs = np.triu_indices(len(z), 1)
    together = (w[:, None] * w)[pairs] if np.ptp(w) > 0 else None
    width = float(quantiles(distance[pairs], 0.5, together)) if len(z) > 1 else 0.0
    width = width if width > 0 else 1.0
    root = np.sqrt(w / w.mean())
    values, vectors = np.linalg.eigh(root[:, None] * np.exp(-distance / (2 * width)) * root)
    centre = np.average(v, 0, w)
    loads = vectors * root[:, None]
    target = loads.T @ (v - centre)
    best = np.zeros(target.shape)
    least = np.full(v.shape[1], np.inf)
    for penalty in PENALTIES * len(z):
        inverse = 1 / (np.maximum(values, 0) + penalty)
        left_out = loads @ (inverse[:, None] * target) / (loads**2 @ inverse)[:, None]
        error = np.average(left_out**2, 0, w)
        better = error < least
        best[:, better] = inverse[:, None] * target[:, better]
        least = np.where(better, error, least)
    return np.exp(-_distances(new, z) / (2 * width)) @ (loads @ best) + centre


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances (n, m) between rows."""
    from scipy.spatial.distance import cdist

    return cdist(a, b, "sqeuclidean")
