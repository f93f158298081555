"""Linear classifiers, standardisation of codes, and accuracy measures that several metrics share.

scikit-learn is imported when a classifier is fitted.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from unweave.metrics.estimators.quantiles import without_tails
from unweave.metrics.estimators.row_weights import or_ones


@contextmanager
def quietly() -> Iterator[None]:
    """One thread, so that a fit is bit-identical on every machine, and no warning.

    Silenced are fits that have not converged, and labels of many values: the scores state the kinds
    of the factors.
    """
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The number of unique classes is greater", UserWarning)
        yield


def logistic(
    codes: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None,
    protocol: str,
    seed: int,
    c: float = 1.0,
) -> Any:
    """Logistic regression: multinomial, or one-vs-rest by liblinear as scikit-learn did until 0.22
    ("dlib-2018").

    c: inverse strength of the L2 penalty. The library's own protocol iterates until it has
        converged.
    """
    from sklearn import config_context
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    weighted = {}
    if weights is not None:
        weighted["sample_weight"] = weights
    rounds = 100
    if protocol == "unweave":
        rounds = 1000
    # without routing of metadata the weights would not reach one-vs-rest
    with quietly(), config_context(enable_metadata_routing=True):
        if protocol == "dlib-2018":
            one = LogisticRegression(C=c, solver="liblinear", random_state=seed)
            one.set_fit_request(sample_weight=True)
            return OneVsRestClassifier(one).fit(codes, labels, **weighted)
        model = LogisticRegression(C=c, max_iter=rounds, random_state=seed)
        return model.fit(codes, labels, **weighted)


def standardise(
    fit: np.ndarray, *others: np.ndarray, weights: np.ndarray | None = None
) -> list[np.ndarray]:
    """Columns scaled by mean and standard deviation of the first table, float64; a constant column
    becomes 0.

    weights: (N,) of the first table's rows.
    """
    mean, spread = moments(fit, weights)
    unit = np.where(spread > 0, spread, 1)
    return [(codes - mean) / unit for codes in (fit, *others)]


def standardise_robustly(
    fit: np.ndarray, *others: np.ndarray, weights: np.ndarray | None = None
) -> list[np.ndarray]:
    """As `standardise`, after what lies beyond the 0.1 % and 99.9 % quantiles of the first table
    was cut there.

    Otherwise one outlier would decide the unit of its column, and all other rows would be nearly
    equal.
    """
    return standardise(*without_tails(fit, *others, weights=weights), weights=weights)


def in_robust_units(
    fit: np.ndarray, *others: np.ndarray, weights: np.ndarray | None = None
) -> list[np.ndarray]:
    """As `standardise`, by the mean and deviation of the first table without its tails; nothing is
    cut.
    """
    mean, spread = moments(without_tails(fit, weights=weights)[0], weights)
    _, whole = moments(fit, weights)  # for a latent that varies in its tails alone
    unit = np.where(spread > 0, spread, np.where(whole > 0, whole, 1))
    return [(codes - mean) / unit for codes in (fit, *others)]


def in_exact_units(v: np.ndarray) -> np.ndarray:
    """Columns of v (n, ...) in units of a power of two, so that the largest size is below 1; NaN
    stays.

    Squares of factors of size 1e200 or 1e-200 then stay within float64, and no digit is lost.
    """
    largest = np.nanmax(np.abs(v), axis=0, initial=0.0)
    return times_power_of_two(v, -np.frexp(largest)[1])


def times_power_of_two(x: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """As `np.ldexp`, of x (n, ...) and an exponent for each column, in a tenth of the time."""
    half = exponent // 2  # a power of two by itself may be beyond float64
    return x * np.ldexp(1.0, half) * np.ldexp(1.0, exponent - half)


def moments(z: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the columns of z (N, D), (D,) each, float64; the latter 0 for
    equal numbers.
    """
    # in units of a power of two, which are exact, squares of codes of size 1e200 or 1e-200 stay
    # within float64
    largest = np.abs(z).max(0).astype(np.float64)
    exponent = np.frexp(largest)[1]
    x = times_power_of_two(z.astype(np.float64), -exponent)
    mean = np.average(x, 0, weights)
    x -= mean
    x *= x
    spread = np.sqrt(np.average(x, 0, weights))
    # the deviation of equal numbers is their rounding error, which must not become the unit of
    # other rows
    spread[spread <= 1e-12 * np.ldexp(largest, -exponent)] = 0
    return np.ldexp(mean, exponent), np.ldexp(spread, exponent)


def accuracy(labels: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Share of right labels, 0 to 1; NaN if there is nothing to predict."""
    if not len(labels):
        return np.nan
    return float(np.average(labels == predicted, weights=weights))


def one_class_note(accuracies: np.ndarray) -> str:
    """A note if some factor (K,) could not be predicted, so that its accuracy is NaN; or ''."""
    if not np.isnan(accuracies).any():
        return ""
    return "a factor has one class only in the rows fitted or none in those tested"


def balanced_accuracy(
    labels: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Mean over the classes that occur of the share of right labels."""
    w = or_ones(weights, len(labels))
    _, index = np.unique(labels, return_inverse=True)
    mass = np.bincount(index, w)  # (C,)
    right = np.bincount(index, w * (labels == predicted))
    occurs = mass > 0
    return float(np.mean(right[occurs] / mass[occurs]))


def log_loss(labels: np.ndarray, chances: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean of -log of the probability of the right label, nats; labels (n,) index the columns of
    chances (n, C).
    """
    given = np.clip(chances[np.arange(len(labels)), labels], 1e-15, 1)
    return float(np.average(-np.log(given), weights=weights))


def area_under_curve(
    positive: np.ndarray, score: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Area under the ROC curve: probability that a positive row scores above a negative one, ties
    count half.

    NaN if there is no positive or no negative row.

    >>> area_under_curve(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.4, 0.1]))
    0.875
    """
    w = or_ones(weights, len(score))
    _, place = np.unique(score, return_inverse=True)
    # weight of positive and of negative rows at each distinct score
    ups = np.bincount(place, w * positive)
    downs = np.bincount(place, w * ~positive)
    if ups.sum() == 0 or downs.sum() == 0:
        return np.nan
    # weight of the negative rows below each distinct score, and half of those at it
    below = np.cumsum(downs) - downs / 2
    return float((ups * below).sum() / (ups.sum() * downs.sum()))
