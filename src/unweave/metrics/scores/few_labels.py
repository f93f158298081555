"""Classes from few labels (Kingma et al., 2014, M1): is the class read off codes of which few are
labelled?
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.classifiers import accuracy, quietly, standardise
from unweave.metrics.estimators.row_weights import or_ones, weights_of
from unweave.metrics.estimators.transductive import transductive_line
from unweave.metrics.tables.kinds import shared_levels
from unweave.seeds import fold
from unweave.settings import Setting

ROWS = 2_000  # most rows without label
HEADS = ("regression", "svm", "transductive_svm", "self_training", "label_spreading")


@metric(
    measures=("usefulness", "explicitness"),
    cost="fit",
    invariant=("permutation", "sign", "scale", "dead latents"),
    uses=("test",),
    draws=True,
    error="none",
    no_error="no error: which rows have the labels decides more than how many are scored; repeat "
    "it with other seeds",
)
def few_labels(
    table: Table, *, labels: Annotated[int, Setting("of each class", low=1)] = 10
) -> Measured:
    """Accuracy of classes read off codes with few labels, from 0 to 1, higher is better; chance is
    1 / classes.

    `labels` rows of each value of a factor are labelled, at random; the others to fit, 2,000 at
    most, are known without label. The value is the accuracy on test rows of a multinomial
    regression of the labelled codes, mean over factors.
    parts, the accuracy of five heads: `regression`; `svm`, radial; `transductive_svm`, linear,
        which labels the other rows so that the margin of all is widest; `self_training` of the
        regression, which takes its surest predictions as labels; `label_spreading` over the seven
        nearest neighbours, which needs no line between classes. The last three use the codes of
        rows without label. Each per factor, `regression_per_factor`, ...

    Source: Kingma et al. 2014, section 2.1, whose M1 is a (transductive) support vector machine of
    a VAE's codes. Known failure: the spread over which rows are labelled, some points of a hundred
    at 10 labels, is in no error.
    """
    fit, test = table.sides()
    v_fit, v_test = shared_levels(fit, test)
    z_fit, z_test = standardise(fit.codes, test.codes, weights=fit.weights)
    found = np.full((len(HEADS), v_fit.shape[1]), math.nan)  # (heads, K)
    all_labelled = False
    for k in range(v_fit.shape[1]):
        rng = np.random.default_rng(fold(table.seed, "labelled rows of few_labels", k))
        labelled, others = _split(v_fit[:, k], fit.weights, labels, rng)
        known = v_test[:, k] >= 0
        if len(np.unique(v_fit[labelled, k])) < 2 or not known.any():
            continue
        all_labelled = all_labelled or not len(others)
        predicted = _predictions(z_fit[labelled], v_fit[labelled, k], z_fit[others], z_test[known])
        w = weights_of(test.weights, known)
        found[: len(predicted), k] = [accuracy(v_test[known, k], p, w) for p in predicted]
    pieces = {head: mean(found[i]) for i, head in enumerate(HEADS)}
    reason = ""
    if all_labelled:
        reason = "all rows to fit are labelled: nothing is left for the heads that use the others"
    return Measured(
        pieces["regression"],
        f"{labels} labels of each value, the seed names them; {table.split_note()}",
        pieces,
        factors={f"{head}_per_factor": found[i] for i, head in enumerate(HEADS)},
        n=fit.n,
        reason=reason,
    )


def _split(
    v: np.ndarray, weights: np.ndarray | None, labels: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Labelled rows, so many of each value of v (n,), and at most ROWS of the others; drawn by
    their weights.
    """
    known = np.flatnonzero(v >= 0)
    # the earliest of exponential times: without replacement, in proportion to the rates
    times = rng.exponential(size=len(known)) / or_ones(weights, len(v))[known]
    order = known[np.argsort(times, kind="stable")]
    # the place of each row among those of its value
    turn = np.zeros(len(order), int)
    for value in np.unique(v[order]):
        own = v[order] == value
        turn[own] = np.arange(own.sum())
    return np.sort(order[turn < labels]), np.sort(order[turn >= labels][:ROWS])


def _predictions(
    z: np.ndarray, y: np.ndarray, others: np.ndarray, new: np.ndarray
) -> list[np.ndarray]:
    """The classes of new rows (m, D) by each of HEADS, from labelled rows (n, D), (n,) and others;
    by the first two if there are no others.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
    from sklearn.svm import SVC

    with quietly():
        alone = [
            LogisticRegression(max_iter=2_000).fit(z, y).predict(new),
            SVC(C=10.0, gamma="scale", random_state=0).fit(z, y).predict(new),
        ]
    if not len(others):
        return alone
    both = np.concatenate([z, others])
    partly = np.concatenate([y, np.full(len(others), -1)])  # -1: not known
    spreading = LabelSpreading(kernel=_near, max_iter=100, tol=0.0)  # 100 edges away from a label
    regression = LogisticRegression(max_iter=2_000)
    training = SelfTrainingClassifier(regression, threshold=0.9, max_iter=20)
    # invalid: a row that no label reaches has no distribution
    with quietly(), np.errstate(invalid="ignore"):
        return [
            *alone,
            _transductive(z, y, others, new),
            training.fit(both, partly).predict(new),
            spreading.fit(both, partly).predict(new),
        ]


def _near(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """1 where a row (n, D) is among the seven nearest to another (m, D); (n, m).

    Of the rows among themselves in both directions: in one alone labels do not reach every row.
    """
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=min(7, len(rows))).fit(rows)
    found = index.kneighbors(others, return_distance=False)  # (m, 7)
    near = np.zeros((len(others), len(rows)))
    np.put_along_axis(near, found, 1.0, 1)
    if rows is others:
        return np.maximum(near, near.T)
    return near.T


def _transductive(z: np.ndarray, y: np.ndarray, others: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Classes of new rows by one transductive line for each class against the rest."""
    classes = np.unique(y)
    # (classes, m): the class whose line is highest wins
    height = np.empty((len(classes), len(new)))
    for i, c in enumerate(classes):
        sides = np.where(y == c, 1.0, -1.0)
        line = transductive_line(z, sides, others, share=float((y == c).mean()))
        height[i] = line(new)
    found: np.ndarray = classes[height.argmax(0)]
    return found
