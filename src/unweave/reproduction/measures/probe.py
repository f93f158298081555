"""Information probe: what a network can read of a factor from a block of a code, beside chance.

The probe of Gabbay and Hoshen (2020) and their successors: standardised codes, two hidden layers of 256
units, fitted on four fifths of the images and scored on the rest.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from unweave.data.classes import factor_number
from unweave.evaluation.leaks import Leak
from unweave.metrics.estimators.classifiers import accuracy as accuracy_of
from unweave.reproduction.measures.columns import columns_of
from unweave.reproduction.measures.use import predicted
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.settings import Setting

ROWS = 5_000
TESTED = 0.2
Bins = Annotated[int, Setting("values of a continuous factor, 0 for those it has", low=0)]


def accuracy(run: Run, *, factor: str, block: str = "content", bins: Bins = 0, seed: int = 0) -> float:
    """Accuracy of the probe on images that it was not fitted on, 0 to 1."""
    return probe(run, factor, block, seed, bins).score


def leak(run: Run, *, factor: str, block: str = "content", bins: Bins = 0, seed: int = 0) -> float:
    """(accuracy - chance) / (1 - chance): 0 where the block says nothing of the factor, 1 where it says all."""
    found = probe(run, factor, block, seed, bins)
    return (found.score - found.chance) / (1 - found.chance)


def probe(run: Run, factor: str, block: str, seed: int = 0, bins: int = 0) -> Leak:
    """Accuracy, and the share of the factor's most frequent value, on at most 5,000 images.

    The codes are the posterior's means, free of noise. bins: of equal width, which stand for the values
    of a continuous factor; 0 for the values themselves. ValueError if the run has no such block, its
    data no such factor, or the factor one value only.
    """
    data = run.data
    columns = columns_of(run, block)
    k = factor_number(data, factor)
    rng = np.random.default_rng(fold(seed, "probe"))
    rows = rng.permutation(len(data))[:ROWS]
    v = data.factors_at(rows)[:, k]  # (N,)
    if bins:
        v = binned(v, bins)
    codes = run.encode(data.take(rows))[:, columns]  # (N, D)
    _, y, times = np.unique(v, return_inverse=True, return_counts=True)
    if len(times) < 2:
        raise ValueError(f"{factor} has one value in {data.name}: there is nothing to tell apart")
    if times.max() == 1:
        raise ValueError(f"{factor} of {data.name} is continuous, each value is there once: give bins")
    return Leak(_score(codes, y), float(times.max() / len(y)))


def binned(v: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """The number of the bin (N,), from 0, of each value, in bins of equal width from the least to the largest."""
    edges = np.linspace(v.min(), v.max(), bins + 1)
    return np.digitize(v, edges[1:-1])


def _score(codes: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    fitted = len(y) - int(TESTED * len(y))
    return accuracy_of(y[fitted:], predicted(codes[:fitted], y[:fitted], codes[fitted:], "network"))
