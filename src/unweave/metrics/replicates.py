"""Standard errors of metrics by jackknife or by halves: parts of the table are measured again.

**Jackknife**: the table without each of 20 blocks of rows. It also estimates the bias, the distance
of an estimate from its limit at many rows, and is right where the metric is a smooth function of
what was counted: information, covariances. Which rows are fitted and which tested stays as it was.

**Halves**: the table in two halves, several times. The halves share no row and no draw, so they
differ with twice the variance that one of them has, and one of them has twice the variance of the
whole (`Table.halves` sees to it: half the rows fitted and tested, half the samples, groups and
batches). It is right for fitted models, splits, votes and matchings, where a jackknife is not,
whose replicates differ by a twentieth of the rows and by all that is drawn anew. Where a model
learns much from twice the rows the error comes out too large.

The percentile bootstrap is invalid here: duplicated rows add information that is not there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from unweave.metrics.measured import Measured
from unweave.metrics.tables.any_table import AnyTable
from unweave.metrics.tables.changed_rows import BLOCKS

# how many times a table is halved; a metric that fits models costs as much as 4 fits
SPLITS = {"cheap": 10, "fit": 4}
T = {10: 2.228, 4: 2.776, BLOCKS - 1: 2.093}  # 97.5 % points of Student's t by degrees of freedom


@dataclass(frozen=True)
class Spread:
    """Standard error, half the width of the 95 % interval and bias of a value and its pieces, (1 +
    pieces,) each.
    """

    error: np.ndarray
    reach: np.ndarray
    bias: np.ndarray


def by_jackknife(measure: Callable[..., Measured], table: AnyTable, found: Measured) -> Spread:
    """Delete-block jackknife with 20 blocks (Efron and Stein, 1981)."""
    full = numbers(found)
    names = tuple(found.pieces)
    # (blocks, 1 + pieces)
    without_one = stack((measure(table.without(b)) for b in range(BLOCKS)), names)
    error = np.sqrt((BLOCKS - 1) * without_one.var(0))
    if found.pairwise:
        # (blocks, 1 + pieces), without a block and the next one
        neighbours = (table.without(b, (b + 1) % BLOCKS) for b in range(BLOCKS))
        without_two = stack(map(measure, neighbours), names)
        error = _less_pairs(error, full, without_one, without_two)
    return Spread(error, T[BLOCKS - 1] * error, (BLOCKS - 1) * (without_one - full).mean(0))


def _less_pairs(
    error: np.ndarray, full: np.ndarray, without_one: np.ndarray, without_two: np.ndarray
) -> np.ndarray:
    """The jackknife's error without what it counts twice (Efron and Stein, 1981, section 5).

    The jackknife counts the variance of pairs of blocks twice, and shares of information among
    unrelated columns have much of it: errors of InfoM, RMIG and the information of latents came out
    1.3 to 1.7 times too large. Second differences over neighbouring pairs of blocks estimate how
    much. They overcount what comes from three and more blocks, so three quarters are taken away,
    and at most half of the variance. Where gaps switch between latents (MIG) they overcount more,
    and the plain error is right.
    """
    b = BLOCKS
    # (blocks, 1 + pieces): second differences, and the variance that they show
    pairs = b * full - (b - 1) * (without_one + np.roll(without_one, -1, 0)) + (b - 2) * without_two
    twice = (b - 1) * (b - 2) ** 2 / (2 * b**3) * (pairs**2).mean(0)
    return np.sqrt(np.maximum(error**2 - 0.75 * twice, error**2 / 2))


def by_halves(
    measure: Callable[..., Measured], table: AnyTable, splits: int, names: tuple[str, ...]
) -> Spread:
    """Half the root mean square difference of two halves, which are drawn anew for every split
    (McCarthy, 1969).
    """
    apart = np.empty((splits, 1 + len(names)))
    for i in range(splits):
        first, second = table.halves(i)
        apart[i] = numbers(measure(first), names) - numbers(measure(second), names)
    # the difference has four times the variance of the whole table's value
    error = np.sqrt((apart**2).mean(0)) / 2
    return Spread(error, T[splits] * error, np.full(len(error), math.nan))


def numbers(found: Measured, names: Iterable[str] | None = None) -> np.ndarray:
    """The value and the pieces, (1 + pieces,); those of these names, NaN where a table was too
    small to have them.
    """
    if names is None:
        names = found.pieces
    return np.array([found.value, *(found.pieces.get(name, math.nan) for name in names)], float)


def stack(measured: Iterable[Measured], names: Iterable[str]) -> np.ndarray:
    """Values and pieces of several tables, (tables, 1 + pieces)."""
    return np.stack([numbers(one, names) for one in measured])
