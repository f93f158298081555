"""Information probe: what a network can read of a factor from a block of a code, beside chance.

The probe of Gabbay and Hoshen (2020) and their successors: standardised codes, two hidden layers of 256
units, fitted on four fifths of the images and scored on the rest.
"""

from __future__ import annotations

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

Side = tuple[Dataset, NDArray[np.int64]]
ROWS = 5_000
TESTED = 0.2


def accuracy(run: Run, *, factor: str, block: str = "content", seed: int = 0) -> float:
    """Accuracy of the probe on images that it was not fitted on, 0 to 1."""
    return probe(run, factor, block, seed).score


def leak(run: Run, *, factor: str, block: str = "content", seed: int = 0) -> float:
    """(accuracy - chance) / (1 - chance): 0 where the block says nothing of the factor, 1 where it says all."""
    found = probe(run, factor, block, seed)
    return (found.score - found.chance) / (1 - found.chance)


def explained(run: Run, *, factor: str, block: str = "content", seed: int = 0) -> float:
    """R2 of a network that reads a factor from a block, on images that it was not fitted on; at most 1."""
    from sklearn.neural_network import MLPRegressor

    fitted, tested = sides(run, seed)
    k = factor_number(run.data, factor)
    columns = columns_of(run, block)
    x, x_test = standardise(*(run.encode(data.take(rows))[:, columns] for data, rows in (fitted, tested)))
    v, v_test = (data.factors_at(rows)[:, k] for data, rows in (fitted, tested))
    network = MLPRegressor(hidden_layer_sizes=(256, 256), alpha=0.01, early_stopping=True, random_state=0)
    with quietly():
        return float(network.fit(x, v).score(x_test, v_test))


def probe(run: Run, factor: str, block: str, seed: int = 0) -> Leak:
    """Accuracy, and the share of the factor's most frequent value, on at most 5,000 images.

    The codes are the posterior's means, free of noise. ValueError if the run has no such block, its
    data no such factor, or the factor one value only.
    """
    columns = columns_of(run, block)
    k = factor_number(run.data, factor)
    fitted, tested = sides(run, seed)
    values = [data.factors_at(rows)[:, k] for data, rows in (fitted, tested)]
    every, y, times = np.unique(np.concatenate(values), return_inverse=True, return_counts=True)
    if len(every) < 2:
        raise ValueError(f"{factor} has one value in {run.data.name}: there is nothing to tell apart")
    codes, codes_test = (run.encode(data.take(rows))[:, columns] for data, rows in (fitted, tested))
    first = len(codes)
    score = accuracy_of(y[first:], predicted(codes, y[:first], codes_test, "network"))
    return Leak(score, float(times.max() / times.sum()))


def sides(run: Run, seed: int) -> tuple[Side, Side]:
    """Data and rows that a probe is fitted on, and those that it is scored on; 5,000 in all.

    Of data in groups, such as clips, these are of the held-out rows where there are some, and no group is
    on both sides: frames of one clip share what they show, and the line on which it moves.
    """
    data = run.data
    rng = np.random.default_rng(fold(seed, "probe"))
    if data.groups is None:
        rows = rng.permutation(len(data))[:ROWS]
        fitted = len(rows) - int(TESTED * len(rows))
        return (data, rows[:fitted]), (data, rows[fitted:])
    data = data if run.held is None else run.held
    assert data.groups is not None  # those of the whole data
    groups = rng.permutation(np.unique(data.groups))
    tested = np.isin(data.groups, groups[: max(1, round(TESTED * len(groups)))])
    most = int(TESTED * ROWS)
    fit = rng.permutation(np.flatnonzero(~tested))[: ROWS - most]
    return (data, fit), (data, rng.permutation(np.flatnonzero(tested))[:most])
