"""Information probe: what a network can read of a factor from a block of a code, beside chance.

The probe of Gabbay and Hoshen (2020) and their successors: standardised codes, two hidden layers of 256
units, fitted on four fifths of the images and scored on the rest. Of a few hundred images that network
learns nothing before it is stopped, whatever the code says, so a logistic regression is fitted too, and
the better of both counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave.data.classes import factor_number
from unweave.evaluation.leaks import Leak
from unweave.metrics.estimators.classifiers import accuracy as accuracy_of
from unweave.reproduction.measures.columns import columns_of
from unweave.reproduction.measures.use import predicted
from unweave.runs.run import Run
from unweave.seeds import fold

ROWS = 5_000
FIFTH = 5  # one in so many images is scored
PROBES = ("logistic", "network")


def accuracy(run: Run, *, factor: str, block: str = "content", seed: int = 0) -> float:
    """Accuracy of the better probe on images that it was not fitted on, 0 to 1."""
    return probe(run, factor, block, seed).score


def leak(run: Run, *, factor: str, block: str = "content", seed: int = 0) -> float:
    """(accuracy - chance) / (1 - chance): 0 where the block says nothing of the factor, 1 where it says all."""
    found = probe(run, factor, block, seed)
    return (found.score - found.chance) / (1 - found.chance)


def probe(run: Run, factor: str, block: str, seed: int = 0) -> Leak:
    """Accuracy, and the share of the factor's most frequent value, on at most 5,000 images.

    The codes are the posterior's means, free of noise. ValueError if the run has no such block, its
    data no such factor, or the factor one value only.
    """
    data = run.data
    columns = columns_of(run, block)
    k = factor_number(data, factor)
    rng = np.random.default_rng(fold(seed, "probe"))
    rows = rng.permutation(len(data))[:ROWS]
    y = data.factors_at(rows)[:, k]  # (N,)
    codes = run.encode(data.take(rows))[:, columns]  # (N, D)
    _, times = np.unique(y, return_counts=True)
    if len(times) < 2:
        raise ValueError(f"{factor} has one value in {data.name}: there is nothing to tell apart")
    return Leak(_score(codes, y), float(times.max() / len(y)))


def _score(codes: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """Accuracy of the better probe."""
    tested = _tested(y)
    of_each = []
    for kind in PROBES:
        named = predicted(codes[~tested], y[~tested], codes[tested], kind)
        of_each.append(accuracy_of(y[tested], named))
    return max(of_each)


def _tested(y: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows are scored: every fifth of each value, (N,).

    Split at random, a value with more rows among the scored ones has fewer among the fitted ones, and
    codes that say nothing are scored below chance.
    """
    tested = np.zeros(len(y), bool)
    tested[np.argsort(y, kind="stable")[::FIFTH]] = True
    return tested
