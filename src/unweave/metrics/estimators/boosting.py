"""Gradient boosted trees whose importances are the matrix of DCI (Eastwood and Williams, 2018), by
exact search.

The algorithm is that of scikit-learn's GradientBoostingClassifier at its defaults, which
disentanglement_lib uses: 100 stages, learning rate 0.1, trees of depth 3 grown on the residuals y -
p over all distinct thresholds (Friedman, 2001, algorithm 6), leaves set by one Newton step, one
tree per class and stage, or one per stage for two classes. Histograms (LightGBM, XGBoost, or the
same algorithm on quantiles) give other importances, by .03 to .08 in D and C.

All trees of a stage are grown together, those of several factors in one call where these have few
classes, and factors go in step over threads; see `cuts.py` for the search. The result depends
neither on the number of threads nor on the other factors, bit for bit.

**Departures** from scikit-learn: values closer than 1e-7 are not merged (rescaling the codes then
changes nothing); residuals are rounded to about 1e-11 so that sums are exact; which of several
equally good columns is cut is drawn from another random stream.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, softmax

from unweave.metrics.estimators.boosted import GradientBoosting
from unweave.metrics.estimators.cuts import Ties
from unweave.metrics.estimators.sorted_columns import Columns, Floats, Ints, sort_columns
from unweave.metrics.estimators.trees import DEPTH, Trees, dyadic, grow
from unweave.seeds import fold

STAGES = 100
LEARNING_RATE = 0.1
CELLS = 160_000  # trees of a factor grown in one call times rows: keeps what they touch in the cache
SORTED = 3_000_000  # trees of several factors times rows times columns, likewise


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
    bundles = list(_bundles([part for fit in fits for part in fit.parts()]))
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for stage in range(STAGES):
            # factors are independent, and so are the trees of a stage: all of them at once
            list(pool.map(_Fit.begin_stage, fits))
            list(pool.map(lambda parts, stage=stage: _grow(stage, parts), bundles))
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
        self.sum = float(weight.sum())
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

    def parts(self) -> Iterator[_Part]:
        """The trees of a stage, as many at a time as are grown in one call."""
        trees = len(self.prior)
        for first in range(0, trees, self.together):
            yield _Part(self, slice(first, min(first + self.together, trees)))

    def begin_stage(self) -> None:
        """Set the residuals of all trees."""
        chances = softmax(self.score, axis=0) if len(self.score) > 1 else expit(self.score)
        self.residual = self.target - chances  # (T, N): y - p

    def add(self, stage: int, trees: slice, grown: Trees, steps: Floats) -> None:
        """Add grown trees, with the Newton steps (T, 8) of their leaves, to the scores."""
        value = self.shrink * steps
        self.score[trees] += np.take_along_axis(value, grown.leaf, 1)
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
        return GradientBoosting(gain, self.classes, self.prior, self.column, self.threshold, self.value)


class _Part(NamedTuple):
    """Some of the trees that a fit grows in each stage."""

    fit: _Fit
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


def _bundles(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Neighbouring parts over rows of the same weights: what is grown in one call."""
    found: list[_Part] = []
    for part in parts:
        if found and not _fits_beside(found, part):
            yield found
            found = []
        found.append(part)
    yield found


def _fits_beside(parts: list[_Part], part: _Part) -> bool:
    """Whether a part goes with others: its rows weigh the same, and what is touched stays in the cache."""
    other = parts[0].fit
    trees = part.size + sum(one.size for one in parts)
    small = trees <= part.fit.together and trees * part.fit.columns.rank.size <= SORTED
    return small and part.fit.sum == other.sum and np.array_equal(part.fit.weight, other.weight)


def _grow(stage: int, parts: list[_Part]) -> None:
    """Grow the trees of some parts, and add them to the scores of their fits."""
    one = parts[0].fit
    residual = np.concatenate([fit.residual[trees] for fit, trees in parts])
    of_trees, rows = np.concatenate([fit.target[trees] for fit, trees in parts]).nonzero()
    weighted = dyadic(residual * one.weight, one.sum)
    grown = grow(one.columns, weighted, one.weight, (of_trees, rows), [part.ties(stage) for part in parts])
    steps = _newton_steps(residual, one.weight, grown.leaf)
    first = 0
    for part in parts:
        own = slice(first, first + part.size)
        part.fit.add(stage, part.trees, grown.some(own), steps[own])
        first = own.stop


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
