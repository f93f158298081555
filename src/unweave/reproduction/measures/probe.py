"""Information probe: what a network can read of a factor from a block of a code, beside chance.

The probe of Gabbay and Hoshen (2020) and their successors: standardised codes, two hidden layers of
256 units, fitted on four fifths of the images and scored on the rest. Of a few hundred images that
network learns nothing before it is stopped, whatever the code says, so a logistic regression is
fitted too, and the better of both counts.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.classes import factor_number
from unweave.evaluation.leaks import Leak
from unweave.metrics.estimators.classifiers import accuracy as accuracy_of
from unweave.metrics.estimators.classifiers import quietly, standardise
from unweave.reproduction.measures.columns import columns_of
from unweave.reproduction.measures.use import predicted
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.settings import Setting

ROWS = 5_000
FIFTH = 5  # one in so many images, or groups, is scored
PROBES = ("logistic", "network")
Bins = Annotated[int, Setting("values of a continuous factor, 0 for those it has", low=0)]
Read = tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_]]


def accuracy(
    run: Run, *, factor: str, block: str = "content", bins: Bins = 0, seed: int = 0
) -> float:
    """Accuracy of the better probe on images that it was not fitted on, 0 to 1."""
    return probe(run, factor, block, seed, bins).score


def leak(run: Run, *, factor: str, block: str = "content", bins: Bins = 0, seed: int = 0) -> float:
    """(accuracy - chance) / (1 - chance): 0 if the block says nothing of the factor, 1 if all."""
    found = probe(run, factor, block, seed, bins)
    return (found.score - found.chance) / (1 - found.chance)


def explained(run: Run, *, factor: str, block: str = "content", seed: int = 0) -> float:
    """R2, at most 1, of a network that predicts a factor from a block, on other images."""
    from sklearn.neural_network import MLPRegressor

    codes, v, tested = read(run, factor, block, seed)
    x, x_test = standardise(codes[~tested], codes[tested])
    network = MLPRegressor(
        hidden_layer_sizes=(256, 256), alpha=0.01, early_stopping=True, random_state=0
    )
    with quietly():
        return float(network.fit(x, v[~tested]).score(x_test, v[tested]))


def probe(run: Run, factor: str, block: str, seed: int = 0, bins: int = 0) -> Leak:
    """Accuracy, and the share of the factor's most frequent value, on at most 5,000 images.

    bins: of equal width, which stand for the values of a continuous factor; 0 for the values
    themselves. ValueError if the run has no such block, its data no such factor, or the factor one
    value only.
    """
    codes, v, tested = read(run, factor, block, seed)
    if bins:
        v = binned(v, bins).astype(np.float64)
    _, y, times = np.unique(v, return_inverse=True, return_counts=True)
    if len(times) < 2:
        raise ValueError(
            f"{factor} has one value in {run.data.name}: there is nothing to tell apart"
        )
    if times.max() == 1:
        raise ValueError(
            f"{factor} of {run.data.name} is continuous, each value is there once: give bins"
        )
    return Leak(_score(codes, y, tested), float(times.max() / len(y)))


def read(run: Run, factor: str, block: str, seed: int) -> Read:
    """Codes (N, D) of a block, values (N,) of a factor, and which of these rows are scored (N,).

    The codes are the posterior's means, free of noise. Of data in groups, such as clips, the rows
    are held-out ones where there are some, and no group is on both sides: frames of one clip share
    what they show, and the line on which it moves.
    """
    columns = columns_of(run, block)
    k = factor_number(run.data, factor)
    data, rows = chosen(run, seed)
    v = np.asarray(data.factors_at(rows)[:, k], dtype=np.float64)
    if data.groups is None:
        tested = fifth(v)
    else:
        tested = fifth_of_groups(data.groups[rows], seed)
    return run.encode(data.take(rows))[:, columns], v, tested


def chosen(run: Run, seed: int) -> tuple[Dataset, NDArray[np.int64]]:
    """The data and at most 5,000 rows of them, in random order."""
    data = run.data
    if data.groups is not None and run.held is not None:
        data = run.held
    return data, np.random.default_rng(fold(seed, "probe")).permutation(len(data))[:ROWS]


def binned(v: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """The number of the bin, (N,), from 0, of each value; bins of equal width span all values."""
    edges = np.linspace(v.min(), v.max(), bins + 1)
    return np.digitize(v, edges[1:-1])


def _score(codes: NDArray[np.float32], y: NDArray[np.int64], tested: NDArray[np.bool_]) -> float:
    """Accuracy of the better probe."""
    of_each = []
    for kind in PROBES:
        named = predicted(codes[~tested], y[~tested], codes[tested], kind)
        of_each.append(accuracy_of(y[tested], named))
    return max(of_each)


def fifth_of_groups(groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """All rows (N,) of every fifth group, at random."""
    of_each = np.unique(groups)
    mixed = np.random.default_rng(fold(seed, "groups of the probe")).permutation(of_each)
    return np.isin(groups, mixed[::FIFTH])


def fifth(v: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Every fifth row of each value, (N,).

    Split at random, a value with more rows among the scored ones has fewer among the fitted ones,
    and codes that say nothing are scored below chance.
    """
    tested = np.zeros(len(v), bool)
    tested[np.argsort(v, kind="stable")[::FIFTH]] = True
    return tested
