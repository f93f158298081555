"""R2, the share of the factors' variance that a regression on the code explains: linear, and with
a kernel.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import in_exact_units, standardise
from unweave.metrics.estimators.regressions import (
    KERNEL_ROWS,
    Regression,
    alike,
    determination,
    kernel_ridge,
    least_squares,
)
from unweave.seeds import fold


@metric(
    measures=("explicitness", "identifiability"),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents", "rotation"),
    uses=("test",),
    draws=True,
)
def r2(table: Table, *, kind: Literal["linear", "kernel"] = "linear") -> Measured:
    """Coefficient of determination R2 of the factors given the code, from 0 to 1, higher is better.

    R2_k = 1 - sum (v_k - f_k(z))^2 / sum (v_k - mean)^2 on test rows, at least 0; the value is the
    mean over factors. A linear R2 of 1 means that the factors are an affine function of the code,
    as in theorems of affine identifiability; a kernel R2 of 1 with a linear one below it means that
    all is there, but bent.

    kind: "linear": least squares. "kernel": kernel ridge regression with a Gaussian kernel, as wide
        as the median distance between rows, on at most 1,000 rows; the penalty is the one with the
        least leave-one-out error.
    parts: `linear` and `kernel`, and each of every factor.

    Source: Wright 1921; as a score of codes Roth et al. 2023 (linear) and von Kuegelgen et al.
    2021, section 5 (kernel). **Departures**: on test rows; a prediction worse than the mean counts
    as 0. Known failure: says nothing of axes (a rotation keeps it); categories are taken as numbers
    in their given order; an outlier among the codes bends a least-squares fit.
    """
    regressions: dict[str, Regression] = {"linear": least_squares, "kernel": kernel_ridge}
    # the kernel's errors and floors are found only if it is the value
    wanted = [name for name in regressions if name == kind or (name == "kernel" and table.whole)]
    unknown = np.full(len(table.varying), math.nan)
    found = dict.fromkeys(regressions, unknown)
    for name in wanted:
        found[name] = _explained(table, regressions[name])
    form = {"linear": "least squares", "kernel": "Gaussian kernel ridge"}[kind]
    reason = ""
    if np.isnan(found[kind]).any():
        reason = "a factor does not vary in the rows tested"
    return Measured(
        mean(found[kind]),
        f"{form}; {table.split_note()}",
        {name: mean(part) for name, part in found.items()},
        factors={f"{name}_per_factor": part for name, part in found.items()},
        n=table.sides()[0].n,
        reason=reason,
        cheap=kind == "linear",
    )


def _explained(table: Table, regression: Regression) -> np.ndarray:
    """R2 of every factor on the test rows, (K,); NaN where the factor is not known or does not vary
    there.
    """
    from threadpoolctl import threadpool_limits

    fit, test = table.sides()
    # factors of rows to fit and to test in the same units, so that no square overflows
    both = in_exact_units(np.concatenate([fit.factors, test.factors]))
    test = replace(test, factors=both[fit.n :])
    fit = replace(fit, factors=both[: fit.n])
    explained = np.full(len(table.varying), math.nan)
    if regression is kernel_ridge:
        order = np.random.default_rng(fold(table.seed, "rows of r2")).permutation(fit.n)
        fit = fit.rows(order[: table.most(KERNEL_ROWS)])
    with threadpool_limits(1):
        # one regression for all factors that are known in the same rows
        for known, columns in alike(~np.isnan(fit.factors)):
            w = fit.row_weights()[known]
            z, z_test = standardise(fit.codes[known], test.codes, weights=w)
            counted = w > 0
            v = fit.factors[known][counted][:, columns]
            predicted = regression(z[counted], v, w[counted], z_test)  # (test rows, columns)
            for k, values in zip(columns, predicted.T, strict=True):
                tested = ~np.isnan(test.factors[:, k])
                w_test = test.row_weights()[tested]
                explained[k] = determination(test.factors[tested, k], values[tested], w_test)
    return np.maximum(explained, 0)
