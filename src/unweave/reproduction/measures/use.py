"""What codes are good for: a task learned where a nuisance goes together with it, or from ten labels, beside pixels.

A classifier of the same kind is fitted on codes and on pixels of the same rows. Which rows are fitted and which tested
are shifts, as text, of the grid behind the run's data: correlated and not, seen and held out.
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
ROWS = 2_000  # fitted, and as many tested
PROBED = 512  # whose KL says which latents are in use
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
    """The share, from 0 to 1, of tested rows whose task is predicted.

    fit, test: shifts; up to 2,000 rows of each, no image of both. task: the factor to predict. without: a factor whose
    latents are dropped from the codes, and those that belong to no factor with them. kind: "logistic", regression on
    standardised columns in at most 100 rounds, or "forest", of 100 trees. sampled: codes are drawn from their posterior.
    """
    x, y = _table(run, fit, task, "fit", of, without, sampled)
    x_test, y_test = _table(run, test, task, "test", of, without, sampled)
    return classifiers.accuracy(y_test, predicted(x, y, x_test, kind))


def gain(run: Run, *, fit: str, test: str, task: str, kind: str = "logistic", without: str = "") -> float:
    """`accuracy` on codes less that on pixels, from -1 to 1: above 0 where the code is of use."""
    codes = accuracy(run, fit=fit, test=test, task=task, kind=kind, without=without)
    return codes - accuracy(run, fit=fit, test=test, task=task, of="pixels", kind=kind)


def kept(run: Run, *, rows: str, task: str, nuisance: str, kind: str = "logistic", sampled: bool = False) -> float:
    """Accuracy of the task without the nuisance's latents over that with all of them, about 1 where it loses nothing.

    rows: a shift; no image of it is both fitted and tested.
    """
    asked: dict[str, Any] = {"fit": rows, "test": rows, "task": task, "kind": kind, "sampled": sampled}
    return accuracy(run, **asked, without=nuisance) / accuracy(run, **asked)


def leak(
    run: Run, *, rows: str, nuisance: str, kind: str = "logistic", drop: bool = True, sampled: bool = False
) -> float:
    """How well a probe finds the nuisance after its latents are dropped: 0 at chance, 1 if always right.

    (balanced accuracy - chance) / (1 - chance), chance being 1 / values. drop: whether they are dropped. sampled: codes
    are drawn from their posterior, which is all that a decoder is given and that a KL bounds; of means a probe reads
    traces far below that noise.
    """
    without = nuisance if drop else ""
    x, y = _table(run, rows, nuisance, "fit", "codes", without, sampled)
    x_test, y_test = _table(run, rows, nuisance, "test", "codes", without, sampled)
    chance = 1 / len(np.unique(y_test))
    return (classifiers.balanced_accuracy(y_test, predicted(x, y, x_test, kind)) - chance) / (1 - chance)


def few(run: Run, *, rows: str, task: str, labels: int = 10, kind: str = "logistic", of: Of = "codes") -> float:
    """Accuracy of the task after `labels` labelled rows, from 0 to 1, mean over 20 draws of them.

    A draw holds each value of the task as often as any other, to one.
    """
    x, y = _table(run, rows, task, "fit", of)
    x_test, y_test = _table(run, rows, task, "test", of)
    rng, found = np.random.default_rng(fold(0, "few labels")), []
    for _ in range(DRAWS):
        drawn = np.resize(rng.permutation(np.unique(y)), labels)
        of_each = zip(*np.unique(drawn, return_counts=True), strict=True)
        own = np.concatenate([rng.choice(np.flatnonzero(y == value), n, replace=False) for value, n in of_each])
        found.append(classifiers.accuracy(y_test, predicted(x[own], y[own], x_test, kind)))
    return float(np.mean(found))


def few_gain(run: Run, *, rows: str, task: str, labels: int = 10, kind: str = "logistic") -> float:
    """`few` on codes less that on pixels, from -1 to 1."""
    codes = few(run, rows=rows, task=task, labels=labels, kind=kind)
    return codes - few(run, rows=rows, task=task, labels=labels, kind=kind, of="pixels")


def predicted(x: NDArray[Any], y: NDArray[np.int64], x_test: NDArray[Any], kind: str = "logistic") -> NDArray[np.int64]:
    """Labels (m,) of x_test (m, F) by a classifier fitted on x (n, F) and y (n,); of no columns the commonest label."""
    if kind not in ("logistic", "forest"):
        raise ValueError(f"kind is {kind!r}; it has to be logistic or forest")
    if not x.shape[1]:
        return np.full(len(x_test), np.bincount(y).argmax())
    fit, test = classifiers.standardise(x, x_test)
    if kind == "logistic":
        return classifiers.logistic(fit, y, None, "dlib", 0).predict(test)  # that protocol's 100 rounds
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, random_state=0).fit(fit, y).predict(test)


def _table(
    run: Run, shift: str, factor: str, side: Side, of: Of = "codes", without: str = "", sampled: bool = False
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Columns (n, F) and the factor (n,) of up to 2,000 rows of a shift; no image is on both sides."""
    data = opened(run, shift)
    halves = np.random.default_rng(fold(0, "use")).random(len(data.factors)) < 0.5  # of the grid, whatever the shift
    own = np.flatnonzero(halves[data.base_rows] == (side == "fit"))
    rows = np.random.default_rng(fold(0, "use", side)).permutation(own)[:ROWS]
    images, y = data.take(rows), data.factors_at(rows)[:, data.factors.index(factor)]
    if of == "pixels":
        return to_unit(images, np.float64).reshape(len(images), -1), y
    codes, log_var = run.posterior(images)
    speaks = _speaks(run)
    if sampled and log_var is not None:
        noise = np.random.default_rng(fold(0, "use", side, "noise")).standard_normal(codes.shape)
        codes = (codes + np.exp(log_var / 2) * noise).astype(np.float32)
    if without:
        of_each = owners_of(run, opened(run))
        speaks &= (of_each >= 0) & (of_each != data.factors.index(without))
    return codes[:, speaks], y


def _speaks(run: Run) -> NDArray[np.bool_]:
    """Which latents (D,) say anything: standardised, the others would pass for codes of what their tiny means know."""
    data = opened(run)
    mean, log_var = run.posterior(
        data.take(np.random.default_rng(fold(0, "use", "kl")).integers(len(data), size=PROBED))
    )
    return np.ones(mean.shape[1], bool) if log_var is None else mean_kl(mean, log_var) > ACTIVE
