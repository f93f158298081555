"""Cells of contingency tables of codes by factors: how many rows fall in each, and their mass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unweave.metrics.estimators import entropies
from unweave.metrics.estimators.counting import few_levels, many_levels, one_by_one, products, since
from unweave.metrics.estimators.layout import Layout

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
    """The levels of K factors, v (N, K) with -1 where unknown, in the cells of a layout.

    n: (K,), rows where a factor is known. spread, single: of their weights, as `by_chance` takes
    them. layout: that of the levels that occur by default. alike: (K,), the same number for factors
    that are known in the same rows, as all are that are known in every row.
    """

    def __init__(
        self, v: np.ndarray, weights: np.ndarray | None, layout: Layout | None = None
    ) -> None:
        self.v = v
        self.layout = Layout.of(v) if layout is None else layout
        known = v >= 0
        count = known.sum(0)
        self.n = np.maximum(count, 1)
        whole = count == len(v)
        own = np.cumsum(~whole)
        self.alike = np.where(whole, 0, own - (not whole.any()))
        self.weights = None
        self.unit = np.ones(v.shape[1])
        self.spread = np.zeros(v.shape[1])
        self.single = np.zeros(v.shape[1])
        if weights is not None and np.ptp(weights) > 0:
            self.weights = weights
            of_known = np.where(known, weights[:, None], 0.0)
            # (K,): weights of mean 1 where it is known
            self.unit = self.n / np.maximum(of_known.sum(0), 1e-300)
            of_known *= self.unit
            self.spread = (of_known**2).sum(0) / self.n - 1
            self.single = entropies.plug_in(of_known).sum(0) / self.n

    def cells(
        self, z: np.ndarray, values: np.ndarray, rows: np.ndarray | None = None, first: int = 0
    ) -> Cells:
        """The cells (B, L) of codes z (N, D) of so many values (D,) each, one code's bins after another's.

        rows: how many fall in each, where that is known already; then z is not read without
            weights. first: the factor from which on they are counted.
        """
        if rows is None:
            rows = self.rows(z, values, first)
        if self.weights is None:
            return Cells(rows)
        mass = self._count(z, values, self.weights, first)
        return Cells(
            rows, mass * np.repeat(self.unit, self.layout.sizes)[self.layout.starts[first] :]
        )

    def rows(self, z: np.ndarray, values: np.ndarray, first: int = 0) -> np.ndarray:
        """How many rows fall in each of the cells (B, L) of codes z (N, D) of so many values (D,), int32."""
        return self._count(z, values, None, first)

    def whole(self) -> Cells:
        """All rows where a factor is known as one cell, (K,)."""
        return Cells(self.n, None if self.weights is None else self.n.astype(np.float64))

    def where_known(self, cells: np.ndarray, first: int = 0) -> np.ndarray:
        """Sums (B, A) of cells (B, L) over the levels of a factor, for factors of each number in `alike`.

        first: the factor from which on they were counted.
        """
        layout = self.layout.since(first)
        _, ones = np.unique(self.alike[first:], return_index=True)
        return np.stack([cells[:, layout.starts[k] : layout.ends[k]].sum(1) for k in ones], 1)

    def _count(
        self, z: np.ndarray, values: np.ndarray, weights: np.ndarray | None, first: int
    ) -> np.ndarray:
        """Rows, or their weights together, in the cells (B, L) of codes z (N, d) and the factors from the first on."""
        layout = self.layout.since(first)
        found = np.zeros(
            (int(values.sum()), layout.size), np.int32 if weights is None else np.float64
        )
        few = since(self._few, int(self.layout.starts[first])) if first else self._few
        if weights is not None:
            few = [(cells, occurs * weights[:, None]) for cells, occurs in few]
        products(z, values, few, found)
        for k in many_levels(layout):
            place = layout.cells(self.v[:, first + k], int(k))
            here = slice(layout.starts[k], layout.starts[k] + layout.sizes[k])
            one_by_one(z, values, place, weights, found[:, here])
        return found

    @cached_property
    def _few(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return few_levels(self.v, self.layout)


def pieces(values: np.ndarray, cells: int) -> Iterator[slice]:
    """Neighbouring codes, whose values (D,) by `cells` can be held at once; one code at least."""
    most = AT_ONCE // cells
    first = 0
    while first < len(values):
        number = int(np.searchsorted(np.cumsum(values[first:]), most, side="right"))
        last = first + max(1, number)
        yield slice(first, last)
        first = last
