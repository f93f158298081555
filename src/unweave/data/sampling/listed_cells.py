"""Cells of rows with equal keys (class, group, value of a factor), and sampling of members."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class ListedCells:
    """Rows by keys (N,), negative for rows in no cell. Cells count from 0, by ascending key.

    order: the rows sorted by key; those of cell i are order[starts[i] : starts[i] + counts[i]].
    counts: how many rows each cell has.
    """

    def __init__(self, keys: Rows) -> None:
        # negative keys come first in the order, and are left out
        outside = int((keys < 0).sum())
        self.order = np.argsort(keys, kind="stable")[outside:]
        self._of = keys
        self._keys, self.starts, self.counts = np.unique(
            keys[self.order], return_index=True, return_counts=True
        )

    def __len__(self) -> int:
        return len(self._keys)

    def keep(self, least: int) -> ListedCells:
        """The cells of at least `least` rows."""
        large = self.counts >= least
        kept = object.__new__(ListedCells)
        kept.order = self.order
        kept._of = self._of
        kept._keys = self._keys[large]
        kept.starts = self.starts[large]
        kept.counts = self.counts[large]
        return kept

    def keys(self, cells: Rows) -> Rows:
        """The key (n,) of each cell."""
        return self._keys[cells]

    def keys_at(self, rows: Rows) -> Rows:
        """The key of each row, shape of `rows`."""
        return self._of[rows]

    def cells(self, rng: np.random.Generator, n: int) -> Rows:
        """`n` cells (n,), with probabilities in proportion to size, as of uniform rows."""
        # a uniform row of those in cells, and the cell that it falls into
        row = rng.integers(self.counts.sum(), size=n)
        return np.searchsorted(np.cumsum(self.counts), row, side="right")

    def members(self, rng: np.random.Generator, cells: Rows, m: int) -> Rows:
        """`m` rows (n, m) of each cell (n,), uniform, different; then the same again."""
        place = places(rng, self.counts[cells], m)
        return self.order[self.starts[cells][:, None] + place]


def places(rng: np.random.Generator, counts: Rows, m: int) -> Rows:
    """`m` numbers (n, m) below `counts` (n,), uniform, different; then the same again."""
    drawn = np.empty((len(counts), m), dtype=np.int64)
    for j in range(m):
        # (n,): uniform over the counts - j places that are not taken yet
        place = rng.integers(np.maximum(counts - j, 1))
        # skip the taken ones, from the lowest to the highest
        for taken in np.sort(drawn[:, :j], axis=1).T:
            place += place >= taken
        # cells without another row repeat their draws in order
        again = np.flatnonzero(counts <= j)
        place[again] = drawn[again, j - counts[again]]
        drawn[:, j] = place
    return drawn
