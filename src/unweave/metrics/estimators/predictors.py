"""The classifiers that predict factors from codes: linear, or boosted trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from unweave.metrics.estimators.classifiers import logistic
from unweave.metrics.estimators.row_weights import weights_of

Predictor = Literal["logistic", "boosting"]


def predictors(
    predictor: str, z: np.ndarray, v: np.ndarray, weights: np.ndarray | None, seed: int
) -> dict[int, Callable[[np.ndarray], np.ndarray]]:
    """For each factor with at least two values a function from codes (n, D) to its levels (n,).

    z: (N, D), on a common scale, since a linear classifier is penalised. v: (N, K) levels, -1 where
        unknown.
    """
    # of one value there is nothing to learn
    fittable = [k for k, column in enumerate(v.T) if len(np.unique(column[column >= 0])) > 1]
    if predictor == "boosting" and fittable:
        from unweave.metrics.estimators.boosting import fit_factors

        models = fit_factors(z, np.where(v < 0, np.nan, v)[:, fittable], seed=seed, weights=weights)
        return {k: model.predict for k, model in zip(fittable, models, strict=True)}
    # one linear classifier for each factor, on the rows where it is known
    fitted = {}
    for k in fittable:
        known = v[:, k] >= 0
        w = weights_of(weights, known)
        fitted[k] = logistic(z[known], v[known, k], w, "unweave", seed).predict
    return fitted
