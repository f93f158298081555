"""Cells of contingency tables of codes by factors: how many rows fall in each, and their mass.

Counting takes an addition for each row, code and factor. Factors of few levels are therefore
counted together, a cell for each combination of their levels, and the cells of each are sums of
those: 40 binary factors take 5 counts in place of 40.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from unweave.metrics.estimators import entropies

COMBINED = 256  # combinations of levels that are counted together at most: more cost more to add up than they save
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


@dataclass(frozen=True)
class Combined:
    """Neighbouring factors that are counted together.

    place: of each row among the combinations of their levels, (N,). cells: which cells of the
    table are theirs. member: which of these a combination falls in, (combinations, cells) of 0 and
    1; None for a factor by itself, whose levels are the combinations.
    """

    place: np.ndarray
    combinations: int
    cells: slice
    member: np.ndarray | None

    def count(self, z: np.ndarray, values: int, weights: np.ndarray | None) -> np.ndarray:
        """Rows, or their weights together, in each of the cells (values, cells) of a code z (N,)."""
        index = z * self.combinations + self.place
        counted = np.bincount(index, weights, values * self.combinations).reshape(values, self.combinations)
        if self.member is None:
            return counted
        return counted @ self.member  # sums of whole numbers, which are exact in any order


class Levels:
    """The levels of K factors, v (N, K) with -1 where unknown, laid out one factor after the other.

    n: (K,), rows where a factor is known. spread, single: of their weights, as `by_chance` takes
    them.
    """

    def __init__(self, v: np.ndarray, weights: np.ndarray | None) -> None:
        self.v = v
        self.sizes = v.max(0) + 2  # one cell more per factor, for the rows where it is unknown
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
            self.unit = self.n / np.maximum(of_known.sum(0), 1e-300)  # (K,): weights of mean 1 where it is known
            of_known *= self.unit
            self.spread = (of_known**2).sum(0) / self.n - 1
            self.single = entropies.plug_in(of_known).sum(0) / self.n

    def tables(self, z: np.ndarray, values: np.ndarray) -> Iterator[tuple[Cells, np.ndarray]]:
        """The cells of codes z (N, D), which can take so many values (D,) each; some codes at a time.

        Yields cells (B, L), the bins of one code after those of another, and the first bin of each.
        """
        combined = self._combined(min(COMBINED, len(z) // int(values.max())))
        columns = np.ascontiguousarray(z.T)
        for codes in _pieces(values, AT_ONCE // int(self.ends[-1])):
            firsts = np.cumsum(values[codes]) - values[codes]
            rows = self._count(combined, columns[codes], values[codes], None).astype(np.int64)
            if self.weights is None:
                yield Cells(rows), firsts
            else:
                mass = self._count(combined, columns[codes], values[codes], self.weights)
                yield Cells(rows, mass * np.repeat(self.unit, self.sizes)), firsts

    def whole(self) -> Cells:
        """All rows where a factor is known as one cell, (K,)."""
        return Cells(self.n, None if self.weights is None else self.n.astype(np.float64))

    def by_factor(self, cells: np.ndarray) -> np.ndarray:
        """Sums over the levels of each factor, (..., K)."""
        # from each start to the cell of unknown rows, which is in the odd sums and left out
        bounds = np.stack([self.starts, self.ends - 1], 1).ravel()
        return np.add.reduceat(cells, bounds, -1)[..., ::2]

    def _count(
        self, combined: list[Combined], columns: np.ndarray, values: np.ndarray, weights: np.ndarray | None
    ) -> np.ndarray:
        """Rows, or their weights together, in the cells (B, L) of some codes (d, N)."""
        found = np.zeros((int(values.sum()), int(self.ends[-1])))
        first = 0
        for column, size in zip(columns, values.tolist(), strict=True):
            for factors in combined:
                found[first : first + size, factors.cells] = factors.count(column, size, weights)
            first += size
        return found

    def _combined(self, most: int) -> list[Combined]:
        """All factors in order, as many together as make no more than so many combinations."""
        radix = np.where((self.v < 0).any(0), self.sizes, self.sizes - 1).tolist()
        found = []
        first = 0
        while first < len(radix):
            last = first + 1
            combinations = radix[first]
            while last < len(radix) and combinations * radix[last] <= most:
                combinations *= radix[last]
                last += 1
            found.append(self._together(first, last, tuple(radix[first:last])))
            first = last
        return found

    def _together(self, first: int, last: int, radix: tuple[int, ...]) -> Combined:
        """The factors from `first` to before `last`, of which each can take so many levels."""
        start = int(self.starts[first])
        known = self.v[:, first:last] >= 0
        levels = np.where(known, self.v[:, first:last], self.sizes[first:last] - 1)  # (N, factors)
        if last == first + 1:
            return Combined(levels[:, 0], radix[0], slice(start, start + radix[0]), None)
        combinations = int(np.prod(radix))
        place = np.ravel_multi_index(tuple(levels.T), radix)
        digits = np.stack(np.unravel_index(np.arange(combinations), radix), 1)  # (combinations, factors)
        member = np.zeros((combinations, int(self.ends[last - 1]) - start))
        np.put_along_axis(member, digits + (self.starts[first:last] - start), 1.0, 1)
        return Combined(place, combinations, slice(start, int(self.ends[last - 1])), member)


def _pieces(values: np.ndarray, most: int) -> Iterator[slice]:
    """Neighbouring codes of at most so many values together, one code at least."""
    first = 0
    while first < len(values):
        number = int(np.searchsorted(np.cumsum(values[first:]), most, side="right"))
        last = first + max(1, number)
        yield slice(first, last)
        first = last
