"""Downstream use of codes against pixels: with a correlated nuisance, or from few labels.

The same kind of classifier is fitted on codes and on pixels of the same rows. Training and test
rows are shifts, as text, of the grid of the run's data, for example correlated and uncorrelated
ones.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.scale import to_unit
from unweave.metrics.estimators import classifiers
from unweave.metrics.tables.silence import ACTIVE, mean_kl
from unweave.reproduction.measures.owners import owners_of
from unweave.reproduction.measures.seen import opened
from unweave.runs.run import Run
from unweave.seeds import fold

Of = Literal["codes", "pixels"]
Side = Literal["fit", "test"]
ROWS = 2_000  # for training, and as many for the test
PROBED = 512  # images for the KL that decides which latents are active
DRAWS = 20  # of the few labelled rows


def accuracy(
    run: Run,
    *,
    fit: str,
    test: str,
    task: str,
    of: Of = "codes",
    kind: str = "logistic",
    without: str = "",
    sampled: bool = False,
) -> float:
    """Test accuracy, 0 to 1, of a classifier of one factor.

    fit, test: shifts; up to 2,000 rows of each, and no image is in both. task: the factor to
    predict. without: a factor whose latents are dropped from the codes, with those that belong to
    no factor. kind: "logistic", regression on standardised columns in at most 100 iterations,
    "forest", of 100 trees, or "network", of two hidden layers of 256 units. sampled: whether codes
    are drawn from their posteriors.
    """
    x, y = _table(run, fit, task, "fit", of, without, sampled)
    x_test, y_test = _table(run, test, task, "test", of, without, sampled)
    return classifiers.accuracy(y_test, predicted(x, y, x_test, kind))


def gain(
    run: Run, *, fit: str, test: str, task: str, kind: str = "logistic", without: str = ""
) -> float:
    """`accuracy` on codes less that on pixels, -1 to 1: above 0 where codes are better."""
    codes = accuracy(run, fit=fit, test=test, task=task, kind=kind, without=without)
    return codes - accuracy(run, fit=fit, test=test, task=task, of="pixels", kind=kind)


def kept(
    run: Run, *, rows: str, task: str, nuisance: str, kind: str = "logistic", sampled: bool = False
) -> float:
    """Accuracy without the nuisance's latents over that with all: about 1 if nothing is lost.

    rows: a shift; no image of it is in both training and test rows.
    """
    same: dict[str, Any] = {
        "fit": rows,
        "test": rows,
        "task": task,
        "kind": kind,
        "sampled": sampled,
    }
    return accuracy(run, **same, without=nuisance) / accuracy(run, **same)


def leak(
    run: Run,
    *,
    rows: str,
    nuisance: str,
    kind: str = "logistic",
    drop: bool = True,
    sampled: bool = False,
) -> float:
    """Normalised accuracy of a probe for the nuisance after its latents are dropped, at most 1.

    (balanced accuracy - chance) / (1 - chance), where chance is 1 / values. drop: whether the
    latents are dropped. sampled: whether codes are drawn from their posteriors, which is what the
    decoder gets and what the KL bounds; from means a probe reads differences far below that noise.
    """
    without = ""
    if drop:
        without = nuisance
    x, y = _table(run, rows, nuisance, "fit", "codes", without, sampled)
    x_test, y_test = _table(run, rows, nuisance, "test", "codes", without, sampled)
    chance = 1 / len(np.unique(y_test))
    found = classifiers.balanced_accuracy(y_test, predicted(x, y, x_test, kind))
    return (found - chance) / (1 - chance)


def few(
    run: Run, *, rows: str, task: str, labels: int = 10, kind: str = "logistic", of: Of = "codes"
) -> float:
    """Test accuracy, 0 to 1, after training on `labels` labelled rows, the mean over 20 draws.

    A draw is balanced: the counts of two values of the task differ by at most one.
    """
    x, y = _table(run, rows, task, "fit", of)
    x_test, y_test = _table(run, rows, task, "test", of)
    rng = np.random.default_rng(fold(0, "few labels"))
    found = []
    for _ in range(DRAWS):
        # Values in turn from a random order, (labels,); then as many rows at random of each.
        drawn = np.resize(rng.permutation(np.unique(y)), labels)
        chosen = []
        for value, count in zip(*np.unique(drawn, return_counts=True), strict=True):
            chosen.append(rng.choice(np.flatnonzero(y == value), count, replace=False))
        own = np.concatenate(chosen)
        found.append(classifiers.accuracy(y_test, predicted(x[own], y[own], x_test, kind)))
    return float(np.mean(found))


def few_gain(run: Run, *, rows: str, task: str, labels: int = 10, kind: str = "logistic") -> float:
    """`few` on codes less that on pixels, -1 to 1."""
    codes = few(run, rows=rows, task=task, labels=labels, kind=kind)
    return codes - few(run, rows=rows, task=task, labels=labels, kind=kind, of="pixels")


def predicted(
    x: NDArray[Any], y: NDArray[np.int64], x_test: NDArray[Any], kind: str = "logistic"
) -> NDArray[np.int64]:
    """Labels (m,) of x_test (m, F), predicted by a classifier fitted on x (n, F) and y (n,).

    With F = 0 it is the most frequent label.
    """
    if kind not in ("logistic", "forest", "network"):
        raise ValueError(f"kind is {kind!r}; it has to be logistic, forest or network")
    if not x.shape[1]:
        return np.full(len(x_test), np.bincount(y).argmax())
    fit, test = classifiers.standardise(x, x_test)
    if kind == "logistic":
        # that protocol has 100 iterations
        return classifiers.logistic(fit, y, None, "dlib", 0).predict(test)
    if kind == "network":
        from sklearn.neural_network import MLPClassifier

        network = MLPClassifier((256, 256), alpha=0.01, early_stopping=True, random_state=0)
        with classifiers.quietly():
            return network.fit(fit, y).predict(test)
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, random_state=0).fit(fit, y).predict(test)


def _table(
    run: Run,
    shift: str,
    factor: str,
    side: Side,
    of: Of = "codes",
    without: str = "",
    sampled: bool = False,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Columns (n, F) and the factor (n,) of up to 2,000 rows of a shift; sides share no image."""
    data = opened(run, shift)
    # The grid is halved at random, the same for all shifts; each side takes rows of its half.
    halves = np.random.default_rng(fold(0, "use")).random(len(data.factors)) < 0.5
    own = np.flatnonzero(halves[data.base_rows] == (side == "fit"))
    rows = np.random.default_rng(fold(0, "use", side)).permutation(own)[:ROWS]
    images = data.take(rows)
    y = data.factors_at(rows)[:, data.factors.index(factor)]
    if of == "pixels":
        return to_unit(images, np.float64).reshape(len(images), -1), y
    codes, log_var = run.posterior(images)  # (n, D)
    if sampled and log_var is not None:
        noise = np.random.default_rng(fold(0, "use", side, "noise")).standard_normal(codes.shape)
        codes = (codes + np.exp(log_var / 2) * noise).astype(np.float32)
    columns = _active(run)  # (D,)
    if without:
        owner = owners_of(run, opened(run))
        columns &= (owner >= 0) & (owner != data.factors.index(without))
    return codes[:, columns], y


def _active(run: Run) -> NDArray[np.bool_]:
    """Which latents (D,) have a mean KL above `ACTIVE`; all of them where codes are points.

    The others are left out: a classifier standardises columns, which would amplify their tiny
    means.
    """
    data = opened(run)
    rows = np.random.default_rng(fold(0, "use", "kl")).integers(len(data), size=PROBED)
    mean, log_var = run.posterior(data.take(rows))
    if log_var is None:
        return np.ones(mean.shape[1], bool)
    return mean_kl(mean, log_var) > ACTIVE
