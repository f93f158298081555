"""Gradient boosted trees whose importances are the matrix of DCI (Eastwood and Williams, 2018), by
exact search.

The algorithm is that of scikit-learn's GradientBoostingClassifier at its defaults, which
disentanglement_lib uses: 100 stages, learning rate 0.1, trees of depth 3 grown on the residuals y -
p over all distinct thresholds (Friedman, 2001, algorithm 6), leaves set by one Newton step, one
tree per class and stage, or one per stage for two classes. Histograms (LightGBM, XGBoost, or the
same algorithm on quantiles) give other importances, by .03 to .08 in D and C.

All trees of a stage are grown together and several factors go in step over threads, see `cuts.py`
for the search. The result does not depend on the number of threads, bit for bit.

**Departures** from scikit-learn: values closer than 1e-7 are not merged (rescaling the codes then
changes nothing); residuals are rounded to about 1e-11 so that sums are exact; which of several
equally good columns is cut is drawn from another random stream.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, softmax

from unweave.metrics.estimators.sorted_columns import Columns, Floats, Ints, sort_columns
from unweave.metrics.estimators.trees import DEPTH, dyadic, grow
from unweave.seeds import fold

STAGES = 100
LEARNING_RATE = 0.1
CELLS = 160_000  # trees grown in one call times rows: keeps what they touch in the cache


@dataclass(frozen=True, eq=False)
class GradientBoosting:
    """A fitted classifier of one factor.

    importances: (D,) share of each code in the gain of all cuts; they sum to 1, or are all 0 if
        nothing was cut.
    classes: (C,) the factor's values, ascending. prior: (T,) score before the first stage; T = C,
        or 1 if C = 2.
    column, threshold: (stages, T, 7), value: (stages, T, 8): the trees, see `trees.Trees`.
    """

    importances: Floats
    classes: NDArray[Any]
    prior: Floats
    column: Ints
    threshold: Floats
    value: Floats

    def predict(self, codes: ArrayLike) -> NDArray[Any]:
        """The most probable value of the factor for each row of codes (n, D): (n,), of the factor's
        own values.
        """
        score = self.scores(codes)  # (T, n)
        if len(score) == 1:
            return self.classes[(score[0] >= 0).astype(np.intp)]
        return self.classes[score.argmax(0)]

    def scores(self, codes: ArrayLike) -> Floats:
        """Unnormalised log probabilities (T, n) of the classes; for two, the log odds (1, n) of the
        second.
        """
        x = np.ascontiguousarray(np.asarray(codes).T, dtype=np.float32).astype(np.float64)
        if x.ndim != 2 or len(x) != len(self.importances):
            raise ValueError(f"codes have shape {x.T.shape}; expected (n, {len(self.importances)}), as fitted")
        score = np.repeat(self.prior[:, None], x.shape[1], 1)
        # stage by stage: each of T trees adds the value of the leaf that a row reaches
        for column, threshold, value in zip(self.column, self.threshold, self.value, strict=True):
            score += np.take_along_axis(value, _leaves(x, column, threshold), 1)
        return score


def _leaves(x: Floats, column: Ints, threshold: Floats) -> Ints:
    """Leaf (T, n) that each column of x (D, n) reaches in each of T trees."""
    node = np.zeros((len(column), x.shape[1]), np.int8)  # (T, n): node of each row at this level
    for depth in range(DEPTH):
        right = np.zeros(node.shape, bool)
        for h in range(2**depth):
            at = 2**depth - 1 + h  # nodes are stored level by level
            right |= (node == h) & (x[column[:, at]] > threshold[:, at, None])
        node += (right * 2**depth).astype(np.int8)
    return node


def importances(
    codes: ArrayLike, factor: ArrayLike, *, seed: int = 0, weights: ArrayLike | None = None
) -> GradientBoosting:
    """Fit one factor (N,) from codes (N, D); see `fit_factors`."""
    return fit_factors(codes, np.asarray(factor)[:, None], seed=seed, weights=weights)[0]


def fit_factors(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    seed: int = 0,
    weights: ArrayLike | None = None,
    threads: int | None = None,
) -> list[GradientBoosting]:
    """Fit each column of `factors` (N, K) from codes (N, D): K classifiers.

    seed: draws between columns of equal gain. weights: (N,) of the rows, not negative; a row of
    weight 0, or whose factor is NaN, is left out. threads: all cores if not given. Raises
    ValueError for codes that are not finite, lengths that differ, and a factor with fewer than two
    values.
    """
    x = np.asarray(codes, dtype=np.float64)
    v = np.asarray(factors)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    _check(x, v, w)
    columns = sort_columns(x)
    fits = [_Fit(columns, v[:, k], w, seed, k) for k in range(v.shape[1])]
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for stage in range(STAGES):
            # factors are independent, and so are the trees of a stage: all of them at once
            tasks = [(fit, trees) for fit in fits for trees in fit.begin_stage()]
            list(pool.map(lambda task, stage=stage: task[0].grow(stage, task[1]), tasks))
    return [fit.result() for fit in fits]


def _check(codes: Floats, factors: NDArray[Any], weights: Floats) -> None:
    """ValueError unless codes (N, D) are finite, factors are (N, K) and weights (N,) are finite and
    not negative.
    """
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or weights.shape != (len(codes),):
        raise ValueError(
            f"codes {codes.shape}, factors {factors.shape} and weights {weights.shape} do not fit; "
            "expected (N, D), (N, K) and (N,)"
        )
    if not np.isfinite(codes.astype(np.float32)).all():
        raise ValueError("codes hold NaN, infinity or a number too large for float32; remove those rows")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("weights have to be finite and not negative")


class _Fit:
    """The boosting of factor k, stage by stage: scores (T, N) and the trees found so far."""

    def __init__(self, columns: Columns, factor: NDArray[Any], weight: Floats, seed: int, k: int) -> None:
        known = (weight > 0) & (factor == factor)
        self.classes, index = np.unique(factor[known], return_inverse=True)
        if len(self.classes) < 2:
            raise ValueError(f"factor {k} has {len(self.classes)} value(s); boosting needs two or more")
        self.columns = columns
        self.seed = fold(seed, "boosting of a factor", k)
        weight = np.where(known, weight, 0.0)
        self.sum = weight.sum()
        self.weight = dyadic(weight, self.sum)
        self.label = np.full(len(factor), -1)
        self.label[known] = index
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
        self.importance = np.zeros((STAGES, trees, len(columns.rank)))
        self.column = np.zeros((STAGES, trees, 2**DEPTH - 1), np.int32)
        self.threshold = np.zeros(self.column.shape)
        self.value = np.zeros((STAGES, trees, 2**DEPTH))
        self.residual = self.score

    def begin_stage(self) -> Iterator[slice]:
        """Set the residuals of all trees; yield the groups of trees to grow."""
        chances = softmax(self.score, axis=0) if len(self.score) > 1 else expit(self.score)
        self.residual = self.target - chances  # (T, N): y - p
        trees = len(self.prior)
        return (slice(first, min(first + self.together, trees)) for first in range(0, trees, self.together))

    def grow(self, stage: int, trees: slice) -> None:
        """Grow these trees and add them to the scores."""
        residual = self.residual[trees]
        weighted = dyadic(residual * self.weight, self.sum)
        ties = np.random.default_rng(fold(self.seed, "columns of equal gain", stage, trees.start))
        grown = grow(self.columns, weighted, self.weight, self.target[trees].nonzero(), ties)
        value = self.shrink * _newton_steps(residual, self.weight, grown.leaf)
        self.score[trees] += np.take_along_axis(value, grown.leaf, 1)
        self.importance[stage, trees.start] = grown.importance
        self.column[stage, trees] = grown.column
        self.threshold[stage, trees] = grown.threshold
        self.value[stage, trees] = value

    def result(self) -> GradientBoosting:
        """The fitted classifier, with importances that sum to 1."""
        gain = self.importance.sum((0, 1))  # (stages, trees, D) -> (D,)
        total = gain.sum()
        if total > 0:
            gain = gain / total
        return GradientBoosting(gain, self.classes, self.prior, self.column, self.threshold, self.value)


def _newton_steps(residual: Floats, weight: Floats, leaf: Ints) -> Floats:
    """Sum w r / sum w |r| (1 - |r|) over the rows of each leaf: (T, 8); 0 where that is 0 / 0.
    (Friedman, 2001, eq. 34)
    """
    trees = len(residual)
    leaves = 2**DEPTH
    # one number for each leaf of each tree, so that a single count sums all of them
    at = (leaf + leaves * np.arange(trees)[:, None]).ravel()
    size = np.abs(residual)
    slope = np.bincount(at, (weight * residual).ravel(), minlength=trees * leaves)
    curvature = np.bincount(at, (weight * size * (1 - size)).ravel(), minlength=trees * leaves)
    steps = np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 1e-150)
    return steps.reshape(trees, leaves)
