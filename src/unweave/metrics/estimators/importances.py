"""How important each latent is to a model that predicts a factor, and what these importances say of the code."""

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
from unweave.metrics.tables.kinds import shared_levels
from unweave.metrics.tables.table import Table

Predict = Callable[[np.ndarray], np.ndarray]
Model = tuple[np.ndarray, Predict]  # importances (D,), and a function from codes to values
PENALTY = 0.02


@dataclass(frozen=True)
class Fits:
    """Importances R (D, K) of fitted models, and how well each factor is predicted in train and test rows, (K,)."""

    matrix: np.ndarray
    train: np.ndarray
    test: np.ndarray


def fits(table: Table, importances: str = "boosting") -> Fits:
    """One model for each factor; kept in the table, for every metric that needs the same fits."""
    if ("fits", importances) not in table.cache:
        table.cache["fits", importances] = _fit_all(table, importances)
    return table.cache["fits", importances]


def _fit_all(table: Table, importances: str) -> Fits:
    fit, test = table.sides()
    if importances == "lasso":
        v_fit, v_test = fit.factors, test.factors
    else:
        v_fit, v_test = (np.where(v < 0, np.nan, v) for v in shared_levels(fit, test))
    score = _r2 if importances == "lasso" else accuracy
    shape = (len(table.latents), len(table.varying))
    matrix, train, tested = np.zeros(shape), np.full(shape[1], np.nan), np.full(shape[1], np.nan)
    z_fit, z_test = fit.codes.astype(np.float64), test.codes
    if table.protocol == "unweave":  # trees do not mind units, but their thresholds are compared in float32
        z_fit, z_test = standardise_robustly(z_fit, z_test, weights=fit.weights)
    told = [k for k, column in enumerate(v_fit.T) if len(np.unique(column[~np.isnan(column)])) > 1]
    models = ESTIMATORS[importances](z_fit, v_fit[:, told], fit.weights, table)
    for k, (importance, predict) in zip(told, models, strict=True):
        matrix[:, k] = importance
        train[k] = _score_known(score, fit, z_fit, v_fit[:, k], predict)
        tested[k] = _score_known(score, test, z_test, v_test[:, k], predict)
    return Fits(matrix, train, tested)


def _score_known(score: Callable[..., float], table: Table, z: np.ndarray, v: np.ndarray, predict: Predict) -> float:
    known = ~np.isnan(v)
    weights = None if table.weights is None else table.weights[known]
    return score(v[known], predict(z[known]), weights) if known.any() else math.nan


def _boosting(z: np.ndarray, v: np.ndarray, w: np.ndarray | None, table: Table) -> list[Model]:
    from unweave.metrics.estimators.boosting import fit_factors

    return [(model.importances, model.predict) for model in fit_factors(z, v, seed=table.seed, weights=w)]


def _one_by_one(fit_one: Callable[..., Model]) -> Callable[..., list[Model]]:
    """A model of each factor by itself, over the rows where it is known."""

    def fit_each(z: np.ndarray, v: np.ndarray, w: np.ndarray | None, table: Table) -> list[Model]:
        known = ~np.isnan(v)
        weights = [None if w is None else w[rows] for rows in known.T]
        return [fit_one(z[rows], v[rows, k], weights[k], table) for k, rows in enumerate(known.T)]

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

    (scaled,) = standardise(z, weights=w)
    ((centre,), (spread,)) = moments(y[:, None], w)
    with quietly():
        model = Lasso(alpha=PENALTY).fit(scaled, (y - centre) / spread, sample_weight=w)
    return np.abs(model.coef_), lambda new: model.predict(standardise(z, new, weights=w)[1]) * spread + centre


@_one_by_one
def _linear(z: np.ndarray, y: np.ndarray, w: np.ndarray | None, table: Table) -> Model:
    model = logistic(standardise(z, weights=w)[0], y, w, table.protocol, table.seed)
    coefficients = np.concatenate([one.coef_ for one in getattr(model, "estimators_", [model])])
    return np.abs(coefficients).sum(0), lambda new: model.predict(standardise(z, new, weights=w)[1])


ESTIMATORS: dict[str, Callable[..., list[Model]]] = {
    "boosting": _boosting,
    "forest": _forest,
    "lasso": _lasso,
    "linear": _linear,
}


def disentanglement(importance: np.ndarray) -> tuple[float, np.ndarray]:
    """D of R (D, K), and 1 - H of every latent; NaN for one factor, or where nothing is important."""
    per_latent = 1 - shares_entropy(importance)
    mass = importance.sum(1)
    if importance.shape[1] < 2 or not mass.sum() > 0:
        return math.nan, np.full(len(importance), np.nan)
    return float(np.nansum(per_latent * mass) / mass.sum()), per_latent


def completeness(importance: np.ndarray, weighted: bool = False) -> tuple[float, np.ndarray]:
    """C of R (D, K), and 1 - H of every factor; NaN for one latent. `weighted` by the importance in each factor."""
    per_factor = 1 - shares_entropy(importance.T)
    mass = importance.sum(0)
    if len(importance) < 2 or not mass.sum() > 0:
        return math.nan, np.full(importance.shape[1], np.nan)
    return float(np.nansum(per_factor * mass) / mass.sum()) if weighted else mean(per_factor), per_factor


def shares_entropy(rows: np.ndarray) -> np.ndarray:
    """Entropy of each row's shares, in units of the largest possible; NaN for a row of zeros.

    >>> shares_entropy(np.array([[1.0, 1.0], [3.0, 0.0]]))
    array([1., 0.])
    """
    total = rows.sum(1, keepdims=True)
    shares = rows / np.where(total > 0, total, np.nan)
    logs = np.log(np.where(shares > 0, shares, 1))
    return -(shares * logs).sum(1) / np.log(max(rows.shape[1], 2)) + 0.0


def _r2(v: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Share of the variance of v that is predicted."""
    centre = np.average(v, weights=weights)
    spread = np.average((v - centre) ** 2, weights=weights)
    return float(1 - np.average((v - predicted) ** 2, weights=weights) / spread) if spread > 0 else math.nan
