"""View of a data set: some of its rows, without a copy of the images."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.factors import Factors, Rng, Rows
from unweave.data.fingerprint import Fingerprint
from unweave.types import DataInfo


class View(Dataset):
    """Rows of a data set, in the order given; a row may occur more than once. No image is copied.

    On a grid, its factors are the whole grid, but only the combinations at `base_rows` are sampled:
    row r shows the factors `factors_at(r)`, not `grid.factors_at(r)`, and `images` still returns
    every combination.

    Args:
        of: the data set; of a view, rows of that view.
        rows: (n,) places in `of`. about: a description of them in one line.
        y: classes (n,) from 0 of the rows, with `class_names`, in place of those of `of`.
    """

    base: Dataset
    base_rows: NDArray[np.int64]

    def __init__(
        self,
        of: Dataset,
        rows: NDArray[np.int64],
        about: str,
        y: NDArray[np.int64] | None = None,
        class_names: tuple[str, ...] = (),
    ) -> None:
        self.base = of.whole
        self.base_rows = of.places(rows)
        self.about = about
        self.name = of.name
        self.white = of.white
        self.floats = of.floats
        self.grid = of.grid
        self.labels_are_true = of.labels_are_true
        self.layers_of_errors = of.layers_of_errors
        self.pairs = _within(self.base, self.base_rows)
        if of.table is not None:
            self.table = of.table.take(rows)
        if of.groups is not None:
            self.groups = of.groups[rows]
        self.y = y
        self.class_names = class_names
        if y is None:
            self.class_names = of.class_names
        if y is None and of.y is not None:
            self.y = of.y[rows]

    def __len__(self) -> int:
        return len(self.base_rows)

    def take(self, rows: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W), or vectors (n, F), of the rows (n,) of this view."""
        return self.base.take(self.places(rows))

    def factors_at(self, rows: Rows) -> Factors:
        """Factor tuples (n, K) of the rows (n,) of this view."""
        return self.base.factors_at(self.places(rows))

    def observed_factors(self, rows: Rows) -> Factors:
        """The labels (n, K) of the rows (n,) of this view."""
        return self.base.observed_factors(self.places(rows))

    def images(self, indices: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W) of any factor indices (n, K), whether a row shows them or not."""
        return self.base.images(indices)

    def sample_factors(self, n: int, rng: Rng) -> NDArray[np.int64]:
        """`n` factor tuples (n, K) of rows drawn uniformly from this view."""
        return self.factors_at(np.random.default_rng(rng).integers(len(self), size=n))

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self.base_rows, kind="stable")

    def find(self, v: Rows) -> NDArray[np.int64]:
        """Rows (n,) of this view that show the tuples (n, K), the last of several; -1 if none."""
        if self.grid is None:
            return super().find(v)
        wanted = self.grid.rows(v)
        # the last row of the view, in the order of the grid, that is not beyond the wanted one
        after = np.searchsorted(self.base_rows, wanted, side="right", sorter=self._order)
        last = self._order[after - 1]
        return np.where(self.base_rows[last] == wanted, last, -1)

    @cached_property
    def info(self) -> DataInfo:
        """The facts of the data set behind the view, with the view's number of rows and classes."""
        return dataclasses.replace(self.base.info, n=len(self), classes=len(self.class_names))

    def digest(self, *, whole: bool = False) -> str:
        """Hash of the digest of the data set behind the view, its rows and its classes."""
        found = Fingerprint(whole=whole)
        found.add(self.base.digest(whole=whole), self.base_rows, self.y, len(self.class_names))
        return found.hex()


def _within(base: Dataset, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The pairs with both rows among `rows`, as places there; None if there are no pairs."""
    if base.pairs is None:
        return None
    # (N of the base,): the place of each row in the view, -1 for those that it lacks
    place = np.full(len(base), -1)
    place[rows] = np.arange(len(rows))
    kept = place[base.pairs]  # (P, 2)
    return kept[(kept >= 0).all(1)]
