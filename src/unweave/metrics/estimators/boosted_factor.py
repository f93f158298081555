"""Gradient boosting of one factor, stage by stage: residuals, trees and Newton steps; see
`boosting.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, softmax

from unweave.metrics.estimators.boosted import GradientBoosting
from unweave.metrics.estimators.cuts import Ties
from unweave.metrics.estimators.sorted_columns import Floats, Ints, SortedColumns
from unweave.metrics.estimators.trees import DEPTH, Trees, dyadic
from unweave.seeds import fold

STAGES = 100
LEARNING_RATE = 0.1
# trees of a factor grown in one call times rows: keeps what they touch in the cache
CELLS = 160_000


class Fit:
    """The boosting of factor k, stage by stage: scores (T, N) and the trees found so far."""

    def __init__(
        self, columns: SortedColumns, factor: NDArray[Any], weight: Floats, seed: int, k: int
    ) -> None:
        # (N,): rows with a weight and a value; NaN is not equal to itself, whatever the type
        known = (weight > 0) & (factor == factor)
        self.classes, index = np.unique(factor[known], return_inverse=True)
        if len(self.classes) < 2:
            raise ValueError(
                f"factor {k} has {len(self.classes)} value(s); boosting needs two or more"
            )
        self.columns = columns
        self.seed = fold(seed, "boosting of a factor", k)
        # the other rows stay in the arrays, and count nothing by a weight of 0
        weight = np.where(known, weight, 0.0)
        self.sum = float(weight.sum())
        self.weight = dyadic(weight, self.sum)
        self.label = np.full(len(factor), -1)
        self.label[known] = index
        # the score before the first stage: the log shares of the classes, (C,), or for two classes
        # the log odds of the second, (1,)
        share = np.bincount(index, self.weight[known]) / self.weight.sum()  # (C,)
        if len(share) > 2:
            self.prior = np.log(share)
            self.shrink = LEARNING_RATE * ((len(share) - 1) / len(share))
        else:
            self.prior = logit(share[1:])
            self.shrink = LEARNING_RATE
        # (T, N) bool: for two classes the second one alone
        self.target = (self.label == np.arange(len(share))[:, None])[-len(self.prior) :]
        self.score = np.repeat(self.prior[:, None], len(factor), 1)
        trees = len(self.prior)
        self.together = max(1, min(64, CELLS // len(factor)))
        # what is fitted, stage by stage: gain of each column, and cuts and leaves of each tree
        self.importance = np.zeros((STAGES, trees, len(columns.rank)))
        self.column = np.zeros((STAGES, trees, 2**DEPTH - 1), np.int32)
        self.threshold = np.zeros(self.column.shape)
        self.value = np.zeros((STAGES, trees, 2**DEPTH))
        self.residual = self.score

    def parts(self) -> Iterator[TreeSlice]:
        """The trees of a stage, as many at a time as are grown in one call."""
        trees = len(self.prior)
        for first in range(0, trees, self.together):
            yield TreeSlice(self, slice(first, min(first + self.together, trees)))

    def begin_stage(self) -> None:
        """Set the residuals of all trees."""
        self.residual = self.target - _chances(self.score)  # (T, N): y - p

    def add(self, stage: int, trees: slice, grown: Trees, steps: Floats) -> None:
        """Add grown trees, with the Newton steps (T, 8) of their leaves, to the scores."""
        value = self.shrink * steps
        # (T, N): each row moves by the value of the leaf that it is in
        self.score[trees] += np.take_along_axis(value, grown.leaf, 1)
        # (7, T) gains to the columns they cut, (D,); a node that stays whole has the gain NaN
        np.add.at(self.importance[stage, trees.start], grown.column.T, np.nan_to_num(grown.gain.T))
        self.column[stage, trees] = grown.column
        self.threshold[stage, trees] = grown.threshold
        self.value[stage, trees] = value

    def result(self) -> GradientBoosting:
        """The fitted classifier, with importances that sum to 1."""
        gain = self.importance.sum((0, 1))  # (stages, trees, D) -> (D,)
        total = gain.sum()
        if total > 0:
            gain = gain / total
        return GradientBoosting(
            gain, self.classes, self.prior, self.column, self.threshold, self.value
        )


class TreeSlice(NamedTuple):
    """Some of the trees that a fit grows in each stage."""

    fit: Fit
    trees: slice

    @property
    def size(self) -> int:
        """The number of trees."""
        return self.trees.stop - self.trees.start

    def ties(self, stage: int) -> Ties:
        """What draws between columns of equal gain, of its own for each part."""
        start = self.trees.start
        rng = np.random.default_rng(fold(self.fit.seed, "columns of equal gain", stage, start))
        return Ties(rng, self.size)


def _chances(score: Floats) -> Floats:
    """Probabilities (T, N) of the classes by their scores; of two classes of the second, (1, N)."""
    if len(score) == 1:
        return expit(score)
    return softmax(score, axis=0)


def newton_steps(residual: Floats, weight: Floats, leaf: Ints) -> Floats:
    """Sum w r / sum w |r| (1 - |r|) over the rows of each leaf: (T, 8); 0 where that is 0 / 0.
    (Friedman, 2001, eq. 34)
    """
    trees = len(residual)
    leaves = 2**DEPTH
    # one number for each leaf of each tree, so that a single count sums all of them
    at = (leaf + leaves * np.arange(trees)[:, None]).ravel()
    # (T * 8,): negative gradient and curvature of the log loss in each leaf; |r| (1 - |r|) is
    # p (1 - p)
    size = np.abs(residual)
    slope = np.bincount(at, (weight * residual).ravel(), minlength=trees * leaves)
    curvature = np.bincount(at, (weight * size * (1 - size)).ravel(), minlength=trees * leaves)
    steps = np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 1e-150)
    return steps.reshape(trees, leaves)
