"""Importances of latents in models that predict factors, and disentanglement and completeness of
these importances.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import (
    accuracy,
    logistic,
    moments,
    quietly,
    standardise,
    standardise_robustly,
)
from unweave.metrics.estimators.row_weights import weights_of
from unweave.metrics.tables.kinds import shared_levels
from unweave.metrics.tables.table import Table

Predict = Callable[[np.ndarray], np.ndarray]
Model = tuple[np.ndarray, Predict]  # importances (D,), and a function from codes to values
PENALTY = 0.02


@dataclass(frozen=True)
class Fits:
    """Importances R (D, K) of fitted models, and how well each factor is predicted in train and
    test rows, (K,).
    """

    matrix: np.ndarray
    train: np.ndarray
    test: np.ndarray


def fits(table: Table, importances: str = "boosting") -> Fits:
    """One model for each factor; kept in the table, for every metric that needs the same fits."""
    if ("fits", importances) not in table.cache:
        table.cache["fits", importances] = _fit_all(table, importances)
    return table.cache["fits", importances]


def _fit_all(table: Table, importances: str) -> Fits:
    """Fit the factors that have two values in the rows to fit on; the others have importance 0 and
    score NaN.
    """
    fit, test = table.sides()
    score: Callable[..., float]
    if importances == "lasso":
        score = _r2
        v_fit = fit.factors
        v_test = test.factors
    else:
        score = accuracy
        v_fit, v_test = (np.where(v < 0, np.nan, v) for v in shared_levels(fit, test))
    d = len(table.latents)
    k_all = len(table.varying)
    matrix = np.zeros((d, k_all))
    train = np.full(k_all, np.nan)
    tested = np.full(k_all, np.nan)
    z_fit = fit.codes.astype(np.float64)
    z_test = test.codes
    # trees do not depend on units, but their thresholds are compared in float32
    if table.protocol == "unweave":
        z_fit, z_test = standardise_robustly(z_fit, z_test, weights=fit.weights)
    # a factor with one known value cannot be fitted
    values = [len(np.unique(column[~np.isnan(column)])) for column in v_fit.T]
    fittable = [k for k, count in enumerate(values) if count > 1]
    models = ESTIMATORS[importances](z_fit, v_fit[:, fittable], fit.weights, table)
    for k, (importance, predict) in zip(fittable, models, strict=True):
        matrix[:, k] = importance
        train[k] = _score_known(score, fit, z_fit, v_fit[:, k], predict)
        tested[k] = _score_known(score, test, z_test, v_test[:, k], predict)
    return Fits(matrix, train, tested)


def _score_known(
    score: Callable[..., float], table: Table, z: np.ndarray, v: np.ndarray, predict: Predict
) -> float:
    """Score of the predictions (N,) over the rows where the factor is known; NaN if none is."""
    known = ~np.isnan(v)
    if not known.any():
        return math.nan
    return score(v[known], predict(z[known]), weights_of(table.weights, known))


def _boosting(z: np.ndarray, v: np.ndarray, w: np.ndarray | None, table: Table) -> list[Model]:
    from unweave.metrics.estimators.boosting import fit_factors

    return [
        (model.importances, model.predict)
        for model in fit_factors(z, v, seed=table.seed, weights=w)
    ]


def _one_by_one(fit_one: Callable[..., Model]) -> Callable[..., list[Model]]:
    """A model of each factor by itself, over the rows where it is known."""

    def fit_each(z: np.ndarray, v: np.ndarray, w: np.ndarray | None, table: Table) -> list[Model]:
        known = ~np.isnan(v)  # (N, K)
        return [
            fit_one(z[rows], v[rows, k], weights_of(w, rows), table)
            for k, rows in enumerate(known.T)
        ]

    return fit_each


@_one_by_one
def _forest(z: np.ndarray, y: np.ndarray, w: np.ndarray | None, table: Table) -> Model:
    from sklearn.ensemble import RandomForestClassifier

    with quietly():
        model = RandomForestClassifier(100, random_state=table.seed).fit(z, y, sample_weight=w)
    return model.feature_importances_, model.predict


@_one_by_one
def _lasso(z: np.ndarray, y: np.ndarray, w: np.ndarray | None, table: Table) -> Model:
    from sklearn.linear_model import Lasso

    # the penalty is in units of standardised codes and of the factor's deviation
    (scaled,) = standardise(z, weights=w)
    ((centre,), (spread,)) = moments(y[:, None], w)
    with quietly():
        model = Lasso(alpha=PENALTY).fit(scaled, (y - centre) / spread, sample_weight=w)

    def predict(new: np.ndarray) -> np.ndarray:
        _, new_scaled = standardise(z, new, weights=w)
        return model.predict(new_scaled) * spread + centre

    return np.abs(model.coef_), predict


@_one_by_one
def _linear(z: np.ndarray, y: np.ndarray, w: np.ndarray | None, table: Table) -> Model:
    (scaled,) = standardise(z, weights=w)
    model = logistic(scaled, y, w, table.protocol, table.seed)
    # (classes, D): of one multinomial model, or of the models one-vs-rest
    coefficients = np.concatenate([one.coef_ for one in getattr(model, "estimators_", [model])])

    def predict(new: np.ndarray) -> np.ndarray:
        _, new_scaled = standardise(z, new, weights=w)
        return model.predict(new_scaled)

    return np.abs(coefficients).sum(0), predict


ESTIMATORS: dict[str, Callable[..., list[Model]]] = {
    "boosting": _boosting,
    "forest": _forest,
    "lasso": _lasso,
    "linear": _linear,
}


def disentanglement(importance: np.ndarray) -> tuple[float, np.ndarray]:
    """D of R (D, K), and 1 - H of each latent; NaN for one factor, or if nothing is important."""
    per_latent = 1 - shares_entropy(importance)  # (D,)
    mass = importance.sum(1)
    if importance.shape[1] < 2 or not mass.sum() > 0:
        return math.nan, np.full(len(importance), np.nan)
    # sum over latents of rho_j (1 - H_j), rho_j the share of latent j in all importance
    return float(np.nansum(per_latent * mass) / mass.sum()), per_latent


def completeness(importance: np.ndarray, weighted: bool = False) -> tuple[float, np.ndarray]:
    """C of R (D, K), and 1 - H of every factor; NaN for one latent. `weighted` by the importance in
    each factor.
    """
    per_factor = 1 - shares_entropy(importance.T)  # (K,)
    mass = importance.sum(0)
    if len(importance) < 2 or not mass.sum() > 0:
        return math.nan, np.full(importance.shape[1], np.nan)
    if not weighted:
        return mean(per_factor), per_factor
    return float(np.nansum(per_factor * mass) / mass.sum()), per_factor


def shares_entropy(rows: np.ndarray) -> np.ndarray:
    """Entropy of each row's shares, in units of the largest possible; NaN for a row of zeros.

    >>> shares_entropy(np.array([[1.0, 1.0], [3.0, 0.0]]))
    array([1., 0.])
    """
    total = rows.sum(1, keepdims=True)
    shares = rows / np.where(total > 0, total, np.nan)
    # 0 log 0 is 0
    logs = np.log(np.where(shares > 0, shares, 1))
    return -(shares * logs).sum(1) / np.log(max(rows.shape[1], 2)) + 0.0


def _r2(v: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Share of the variance of v that is predicted."""
    centre = np.average(v, weights=weights)
    spread = np.average((v - centre) ** 2, weights=weights)
    if not spread > 0:
        return math.nan
    return float(1 - np.average((v - predicted) ** 2, weights=weights) / spread)
