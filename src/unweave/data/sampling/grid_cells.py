"""Cells of a whole grid, of rows with equal values of some factors, computed instead of listed.

A grid of continuous factors has more rows than fit into memory. The cells, their members and all
draws are identical to those of a `ListedCells` of the same rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy

import numpy as np

from unweave.data.factors import FactorSpace
from unweave.data.sampling.listed_cells import Rows, places


class GridCells:
    """Rows of a grid by the values of the factors `shared`, the last fastest; cells are 0 to n - 1.

    count: how many rows each cell has.
    """

    def __init__(self, factors: FactorSpace, shared: Sequence[int]) -> None:
        sizes = factors.sizes
        stride = [math.prod(sizes[k + 1 :]) for k in range(len(sizes))]
        self._shared = [(sizes[k], stride[k]) for k in dict.fromkeys(shared)]
        self._free = [(sizes[k], stride[k]) for k in range(len(sizes)) if k not in shared]
        self._n = math.prod(size for size, _ in self._shared)
        self.count = math.prod(size for size, _ in self._free)

    def __len__(self) -> int:
        return self._n

    def keep(self, least: int) -> GridCells:
        """The cells of at least `least` rows: all, or, since they are equally large, none."""
        kept = copy(self)
        if self.count < least:
            kept._n = 0
        return kept

    def keys(self, cells: Rows) -> Rows:
        """The key (n,) of each cell."""
        return cells

    def keys_at(self, rows: Rows) -> Rows:
        """The key of each row, shape of `rows`."""
        # the digits of the shared factors in the row's number, as the digits of the key
        keys = np.zeros_like(rows)
        for size, stride in self._shared:
            keys = keys * size + rows // stride % size
        return keys

    def cells(self, rng: np.random.Generator, n: int) -> Rows:
        """`n` cells (n,), uniform."""
        return rng.integers(len(self) * self.count, size=n) // self.count

    def members(self, rng: np.random.Generator, cells: Rows, m: int) -> Rows:
        """`m` rows (n, m) of each cell (n,), uniform, different; then the same again."""
        # a row is the sum of what the shared factors and the free ones contribute
        place = places(rng, np.full(len(cells), self.count), m)  # (n, m)
        return _rows(cells, self._shared)[:, None] + _rows(place, self._free)


def _rows(number: Rows, digits: Sequence[tuple[int, int]]) -> Rows:
    """The contribution to the row of a number with digits (size, stride), the last one fastest."""
    # the digits of a number from the last to the first, each times its stride
    rows = np.zeros_like(number)
    for size, stride in reversed(digits):
        number, digit = np.divmod(number, size)
        rows += digit * stride
    return rows
