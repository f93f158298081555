"""Where the cells of several factors lie, one factor after another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Layout:
    """The cells of K factors: one for each level, then one for unknown rows where there may be any.

    numbers: how many levels a factor has, (K,). holes: whether it has unknown rows, (K,) bool.
    """

    numbers: np.ndarray
    holes: np.ndarray

    @staticmethod
    def of(v: np.ndarray) -> Layout:
        """That of columns of levels v (N, K), -1 where unknown."""
        numbers = np.maximum(v.max(0, initial=-1).astype(np.int64) + 1, 1)
        return Layout(numbers, np.asarray((v < 0).any(0)))

    def since(self, first: int) -> Layout:
        """That of the factors from this one on."""
        return Layout(self.numbers[first:], self.holes[first:]) if first else self

    @cached_property
    def sizes(self) -> np.ndarray:
        """How many cells a factor has, (K,)."""
        return self.numbers + self.holes

    @cached_property
    def starts(self) -> np.ndarray:
        """The first cell of each factor, (K,)."""
        return np.cumsum(self.sizes) - self.sizes

    @cached_property
    def ends(self) -> np.ndarray:
        """The cell after the last level of each factor, (K,)."""
        return self.starts + self.numbers

    @property
    def size(self) -> int:
        """The number of all cells."""
        return int(self.sizes.sum())

    def cells(self, v: np.ndarray, k: int) -> np.ndarray:
        """The cell of each row among those of factor k, (N,), by its levels v (N,)."""
        return np.where(v >= 0, v, self.numbers[k]) if self.holes[k] else v

    def by_factor(self, cells: np.ndarray) -> np.ndarray:
        """Sums over the levels of each factor, (..., K), of what stands in the cells (..., L)."""
        # sums from each bound to the next, of which those over unknown rows are left out
        bounds = np.sort(np.concatenate([self.starts, self.ends[self.holes]]))
        return np.add.reduceat(cells, bounds, -1)[..., np.searchsorted(bounds, self.starts)]
