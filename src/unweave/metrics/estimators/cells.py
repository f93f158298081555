"""Cells of contingency tables of codes by factors: how many rows fall in each, and their mass.

Two ways to count, of which each factor takes the faster. Factors of few levels are counted together,
by a product of matrices of zeros and ones: which bin of a code a row is in (sparse), and which level
of a factor (dense). Factors of many levels are counted one after the other, an addition for each row
and code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unweave.metrics.estimators import entropies

FEW = 12  # cells of a factor up to which the product is faster, by measurement
MOST = 2**15 - 1  # rows that int16 can count
AT_ONCE = 1_000_000  # cells that are held at once


@dataclass(frozen=True)
class Cells:
    """Cells of contingency tables, the levels of one factor after another along the last axis.

    rows: how many rows fall in each, (..., L). mass: their weights together; None if each weighs 1.
    """

    rows: np.ndarray
    mass: np.ndarray | None = None

    def terms(self, corrected: bool) -> np.ndarray:
        """The amount, times N, by which each cell lowers an entropy."""
        if self.mass is None:
            return entropies.of_counts(self.rows, corrected)
        if corrected:
            return entropies.corrected(self.mass, self.rows)
        return entropies.plug_in(self.mass)

    def each(self, made: Callable[[np.ndarray], np.ndarray]) -> Cells:
        """Cells made of these by sums, of rows and of masses alike."""
        return Cells(made(self.rows), None if self.mass is None else made(self.mass))


class Levels:
    """The levels of K factors, v (N, K) with -1 where unknown, laid out one factor after the other.

    n: (K,), rows where a factor is known. spread, single: of their weights, as `by_chance` takes
    them. sizes: (K,), the cells of each factor, the last for the rows where it is unknown; those of
    the levels that occur by default.
    """

    def __init__(
        self, v: np.ndarray, weights: np.ndarray | None, sizes: np.ndarray | None = None
    ) -> None:
        self.v = v
        self.sizes = v.max(0, initial=-1).astype(np.int64) + 2 if sizes is None else sizes
        self.ends = np.cumsum(self.sizes)
        self.starts = self.ends - self.sizes
        self.n = np.maximum((v >= 0).sum(0), 1)
        self.weights = None
        self.unit = np.ones(v.shape[1])
        self.spread = np.zeros(v.shape[1])
        self.single = np.zeros(v.shape[1])
        if weights is not None and np.ptp(weights) > 0:
            self.weights = weights
            of_known = np.where(v >= 0, weights[:, None], 0.0)
            self.unit = self.n / np.maximum(
                of_known.sum(0), 1e-300
            )  # (K,): weights of mean 1 where it is known
            of_known *= self.unit
            self.spread = (of_known**2).sum(0) / self.n - 1
            self.single = entropies.plug_in(of_known).sum(0) / self.n

    def cells(self, z: np.ndarray, values: np.ndarray, rows: np.ndarray | None = None) -> Cells:
        """The cells (B, L) of codes z (N, D) of so many values (D,) each, one code's bins after another's.

        rows: how many fall in each, where that is known already.
        """
        if rows is None:
            rows = self.rows(z, values)
        if self.weights is None:
            return Cells(rows)
        mass = self._count(z, values, self.weights)
        return Cells(rows, mass * np.repeat(self.unit, self.sizes))

    def rows(self, z: np.ndarray, values: np.ndarray) -> np.ndarray:
        """How many rows fall in each of the cells (B, L) of codes z (N, D) of so many values (D,)."""
        return self._count(z, values, None)

    def whole(self) -> Cells:
        """All rows where a factor is known as one cell, (K,)."""
        return Cells(self.n, None if self.weights is None else self.n.astype(np.float64))

    def by_factor(self, cells: np.ndarray) -> np.ndarray:
        """Sums over the levels of each factor, (..., K)."""
        # from each start to the cell of unknown rows, which is in the odd sums and left out
        bounds = np.stack([self.starts, self.ends - 1], 1).ravel()
        return np.add.reduceat(cells, bounds, -1)[..., ::2]

    def _count(self, z: np.ndarray, values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        """Rows, or their weights together, in the cells (B, L) of codes z (N, d)."""
        found = np.zeros(
            (int(values.sum()), int(self.ends[-1])), np.int64 if weights is None else np.float64
        )
        cells, occurs = self._of_few
        if len(cells):
            found[:, cells] = _product(z, values, occurs, weights)
        of_many = np.flatnonzero(self.sizes > FEW)
        if not len(of_many):
            return found
        bins = np.ascontiguousarray((z + (np.cumsum(values) - values)).T)  # (d, N)
        each = None if weights is None else np.tile(weights, len(bins))
        for k in of_many:
            size = int(self.sizes[k])
            place = np.where(self.v[:, k] >= 0, self.v[:, k], size - 1)
            here = slice(int(self.starts[k]), int(self.ends[k]))
            counted = np.bincount((bins * size + place).ravel(), each, len(found) * size)
            found[:, here] = counted.reshape(-1, size)
        return found

    @cached_property
    def _of_few(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells of the factors of few levels that rows fall in (C,), and whether each row does, int16 (N, C)."""
        unknown = np.asarray((self.v < 0).any(0))
        factors = np.flatnonzero(self.sizes <= FEW)
        spans = [np.arange(self.starts[k], self.ends[k] - (not unknown[k])) for k in factors]
        cells = np.concatenate([np.empty(0, np.int64), *spans])
        occurs = np.zeros((len(self.v), len(cells)), np.int16)
        first = 0
        for k, span in zip(factors, spans, strict=True):
            levels = np.where(self.v[:, k] >= 0, self.v[:, k], self.sizes[k] - 1)
            occurs[np.arange(len(levels)), first + levels] = 1
            first += len(span)
        return cells, occurs


def _product(
    z: np.ndarray, values: np.ndarray, occurs: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """Sums over the rows in each bin of codes z (N, d) of what occurs (N, C), (B, C); weighted, if rows have weights."""
    from scipy.sparse import csc_array

    n, d = z.shape
    bins = z + (np.cumsum(values) - values).astype(
        np.int32
    )  # the type that scipy would turn them into
    if weights is not None:
        occurs = occurs * weights[:, None]
    found = np.zeros(
        (int(values.sum()), occurs.shape[1]), np.int64 if weights is None else np.float64
    )
    for first in range(0, n, MOST):
        some = occurs[first : first + MOST]
        # (B, rows) of ones: each row is in one bin of every code
        ones = np.ones(len(some) * d, some.dtype)
        ends = np.arange(0, len(ones) + 1, d, dtype=np.int32)
        found += (
            csc_array((ones, bins[first : first + MOST].ravel(), ends), (len(found), len(some)))
            @ some
        )
    return found


def pieces(values: np.ndarray, cells: int) -> Iterator[slice]:
    """Neighbouring codes, whose values (D,) by `cells` can be held at once; one code at least."""
    most = AT_ONCE // cells
    first = 0
    while first < len(values):
        number = int(np.searchsorted(np.cumsum(values[first:]), most, side="right"))
        last = first + max(1, number)
        yield slice(first, last)
        first = last
