"""Gradient boosted trees by exact search, whose importances are the matrix of DCI (Eastwood and
Williams, 2018).

The algorithm is that of scikit-learn's GradientBoostingClassifier at its defaults, which
disentanglement_lib uses: 100 stages, learning rate 0.1, trees of depth 3 grown on the residuals
y - p over all distinct thresholds (Friedman, 2001, algorithm 6), leaves set by one Newton step, one
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
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unweave.metrics.estimators import boosted_factor
from unweave.metrics.estimators.boosted import GradientBoosting
from unweave.metrics.estimators.boosted_factor import Fit, TreeSlice, newton_steps
from unweave.metrics.estimators.sorted_columns import Floats, sort_columns
from unweave.metrics.estimators.trees import dyadic, grow

# trees of several factors times rows times columns: keeps what they touch in the cache
SORTED = 3_000_000


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
    if weights is None:
        weights = np.ones(len(x))
    w = np.asarray(weights, dtype=np.float64)
    _check(x, v, w)
    columns = sort_columns(x)
    fits = [Fit(columns, v[:, k], w, seed, k) for k in range(v.shape[1])]
    bundles = list(_bundles([part for fit in fits for part in fit.parts()]))
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for stage in range(boosted_factor.STAGES):
            # factors are independent, and so are the trees of a stage: all of them at once
            list(pool.map(Fit.begin_stage, fits))
            list(pool.map(lambda parts, stage=stage: _grow(stage, parts), bundles))
    return [fit.result() for fit in fits]


def _check(codes: Floats, factors: NDArray[Any], weights: Floats) -> None:
    """ValueError unless codes (N, D) are finite, factors are (N, K) and weights (N,) are finite and
    not negative.
    """
    two_tables = codes.ndim == 2 and factors.ndim == 2
    if not two_tables or len(codes) != len(factors) or weights.shape != (len(codes),):
        raise ValueError(
            f"codes {codes.shape}, factors {factors.shape} and weights {weights.shape} do not fit; "
            "expected (N, D), (N, K) and (N,)"
        )
    if not np.isfinite(codes.astype(np.float32)).all():
        raise ValueError(
            "codes hold NaN, infinity or a number too large for float32; remove those rows"
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("weights have to be finite and not negative")


def _bundles(parts: Iterable[TreeSlice]) -> Iterator[list[TreeSlice]]:
    """Neighbouring parts over rows of the same weights: what is grown in one call."""
    found: list[TreeSlice] = []
    for part in parts:
        if found and not _fits_beside(found, part):
            yield found
            found = []
        found.append(part)
    yield found


def _fits_beside(parts: list[TreeSlice], part: TreeSlice) -> bool:
    """Whether a part is grown with others: rows weigh the same, and arrays stay in the cache."""
    other = parts[0].fit
    trees = part.size + sum(one.size for one in parts)
    small = trees <= part.fit.together and trees * part.fit.columns.rank.size <= SORTED
    return small and part.fit.sum == other.sum and np.array_equal(part.fit.weight, other.weight)


def _grow(stage: int, parts: list[TreeSlice]) -> None:
    """Grow the trees of some parts, and add them to the scores of their fits."""
    one = parts[0].fit
    residual = np.concatenate([fit.residual[trees] for fit, trees in parts])  # (T, N)
    # a residual y - p is positive only in the tree of a row's own class
    of_trees, rows = np.concatenate([fit.target[trees] for fit, trees in parts]).nonzero()
    weighted = dyadic(residual * one.weight, one.sum)
    ties = [part.ties(stage) for part in parts]
    grown = grow(one.columns, weighted, one.weight, (of_trees, rows), ties)
    steps = newton_steps(residual, one.weight, grown.leaf)  # (T, 8)
    # each part takes the trees that are its own
    first = 0
    for part in parts:
        own = slice(first, first + part.size)
        part.fit.add(stage, part.trees, grown.some(own), steps[own])
        first = own.stop
