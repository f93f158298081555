"""Rows sorted into cells of equal key (a class, a group, the value of a factor), to draw members of a cell from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class ListedCells:
    """The rows of each key (N,); rows of a negative key belong to no cell. Cells count from 0, by ascending key.

    counts: how many rows each cell has.
    """

    def __init__(self, keys: Rows) -> None:
        order = np.argsort(keys, kind="stable")
        self.order, self._of = order[int((keys < 0).sum()) :], keys
        self._keys, self.starts, self.counts = np.unique(keys[self.order], return_index=True, return_counts=True)

    def __len__(self) -> int:
        return len(self._keys)

    def keep(self, least: int) -> ListedCells:
        """The cells of at least `least` rows."""
        kept, large = object.__new__(ListedCells), self.counts >= least
        kept.order, kept._of = self.order, self._of
        kept._keys, kept.starts, kept.counts = self._keys[large], self.starts[large], self.counts[large]
        return kept

    def keys(self, cells: Rows) -> Rows:
        """The key (n,) of each cell."""
        return self._keys[cells]

    def keys_at(self, rows: Rows) -> Rows:
        """The key of each row, shape of `rows`."""
        return self._of[rows]

    def cells(self, rng: np.random.Generator, n: int) -> Rows:
        """`n` cells, each drawn in proportion to its size, as the cell of a row drawn uniformly would be."""
        return np.searchsorted(np.cumsum(self.counts), rng.integers(self.counts.sum(), size=n), side="right")

    def members(self, rng: np.random.Generator, cells: Rows, m: int) -> Rows:
        """`m` rows (n, m) of each cell (n,), uniform; different ones as far as a cell has them, then these once more."""
        return self.order[self.starts[cells][:, None] + places(rng, self.counts[cells], m)]


def places(rng: np.random.Generator, counts: Rows, m: int) -> Rows:
    """`m` numbers (n, m) below each of `counts` (n,), uniform; where a count is below `m`, all of them and again."""
    drawn = np.empty((len(counts), m), dtype=np.int64)
    for j in range(m):  # the j-th is uniform over the places not taken yet: count past the taken ones
        place = rng.integers(np.maximum(counts - j, 1))
        for taken in np.sort(drawn[:, :j], axis=1).T:
            place += place >= taken
        again = np.flatnonzero(counts <= j)
        place[again] = drawn[again, j - counts[again]]
        drawn[:, j] = place
    return drawn
