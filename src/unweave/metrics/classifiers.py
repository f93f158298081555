"""The linear classifiers and the accuracy measures that several metrics share. scikit-learn is imported when one is fitted."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def quietly() -> Iterator[None]:
    """One thread, so that a fit is bit-identical on every machine, and no warning that a fit could go on longer."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def logistic(
    codes: np.ndarray, labels: np.ndarray, weights: np.ndarray | None, protocol: str, seed: int, c: float = 1.0
) -> Any:
    """Logistic regression: multinomial, or one-vs-rest by liblinear as scikit-learn did until 0.22 ("dlib-2018").

    c: inverse strength of the L2 penalty. The library's own protocol iterates until it has converged.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    if protocol == "dlib-2018":
        model: Any = OneVsRestClassifier(LogisticRegression(C=c, solver="liblinear", random_state=seed))
    else:
        rounds = 1000 if protocol == "unweave" else 100
        model = LogisticRegression(C=c, max_iter=rounds, random_state=seed)
    with quietly():
        if weights is None or protocol == "dlib-2018":
            return model.fit(codes, labels)
        return model.fit(codes, labels, sample_weight=weights)


def standardise(fit: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Columns scaled by mean and standard deviation of the first table; a constant column becomes 0."""
    mean, spread = fit.mean(0, dtype=np.float64), fit.std(0, dtype=np.float64)
    # the deviation of equal numbers is their rounding error, which must not become the unit of other rows
    varies = spread > 1e-12 * np.abs(fit).max(0)
    return [(codes - mean) / np.where(varies, spread, 1) for codes in (fit, *others)]


def accuracy(labels: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Share of right labels; NaN if there is nothing to predict."""
    return float(np.average(labels == predicted, weights=weights)) if len(labels) else np.nan


def balanced_accuracy(labels: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean over the classes that occur of the share of right labels."""
    w = np.ones(len(labels)) if weights is None else weights
    _, index = np.unique(labels, return_inverse=True)
    mass = np.bincount(index, w)
    return float(np.mean(np.bincount(index, w * (labels == predicted))[mass > 0] / mass[mass > 0]))


def log_loss(labels: np.ndarray, chances: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean of -log of the chance that was given to the right label, nats; labels index the columns of chances."""
    given = np.clip(chances[np.arange(len(labels)), labels], 1e-15, 1)
    return float(np.average(-np.log(given), weights=weights))


def area_under_curve(positive: np.ndarray, score: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Chance that a positive row scores above a negative one, ties count half; NaN if one of the two kinds is absent.

    >>> area_under_curve(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.4, 0.1]))
    0.875
    """
    w = np.ones(len(score)) if weights is None else weights
    _, place = np.unique(score, return_inverse=True)
    ups, downs = np.bincount(place, w * positive), np.bincount(place, w * ~positive)
    if ups.sum() == 0 or downs.sum() == 0:
        return np.nan
    below = np.cumsum(downs) - downs / 2
    return float((ups * below).sum() / (ups.sum() * downs.sum()))
