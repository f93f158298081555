"""The contract of a data set: rows of images or vectors, and what is known of each of them.

Training, scoring, reports and the command line see a `Dataset` and nothing else. A subclass says how many rows there
are and what they show; all the rest has a default, and is set where it is known:

    class Moons(Dataset):
        name = "moons"

        def __init__(self):
            self.y = np.arange(1000) % 2
            self.class_names = ("upper", "lower")

        def __len__(self):
            return 1000

        def take(self, rows):
            ...  # float32 (n, 2)

Five rules:

1. A data set does not change: equal rows give equal arrays, on another day too, and what `take` gives is the caller's.
2. Factors are known on a `grid`, in a `table`, in part (NaN in the table), or not at all. On a grid, row r of a data set
   that is no view shows the factors `grid.factors_at(r)`, and every combination is there.
3. What the rows show (`factors_at`, `find`, `images`, `sample_factors`) may differ from what a method and a metric are
   given of it (`observed_factors`, `observed_values`): then `labels_are_true` is False.
4. A view has the rows `base_rows` of its `base`, which is no view. It keeps the grid of its base, of which it then shows
   a part, or some combinations more than once.
5. Who wants to know what a data set can do asks it, `data.grid is None`, and not for its class.

An object of another class passes too, if it has `name`, `take` and a length: see `unweave.data.adopted`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unweave.data.factor_table import FactorTable
from unweave.data.factors import Factors, FactorSpace, Rng, Rows, meant
from unweave.data.fingerprint import Fingerprint
from unweave.data.looks import is_binary, span, spread
from unweave.types import DataInfo


class NoGrid(ValueError, AttributeError):
    """The data have no grid of known factors. An AttributeError too, so that `hasattr(data, "factors")` says so."""


class Dataset(ABC):
    """Base of every data set.

    name: of the data set. about: one line on where it came from.
    y: classes (N,) from 0, None if there are none, with `class_names`.
    groups: (N,) which rows belong together (the same object, person, video), in the order they follow each other.
    pairs: (P, 2) rows known to differ in few factors.
    grid, table: where the factors are known, see rule 2; at most one of them.
    labels_are_true: whether observed factors are those that the rows show.
    white: which number was white where the images came as numbers deeper than bytes, as of 12 or 16 bits.
    floats: which numbers were black and white where the images came as floats; None where they did not.
    array: all rows (N, ...), in memory or memory-mapped; None for a view, and where rows are made when asked for.
    base, base_rows: of a view, the data set behind it and where its rows stand there (N,); None for what is no view.
    binary: whether every pixel is 0 or 255; looked up in some rows if None.
    probed: of how many rows the fingerprint of a large data set is; fewer where one takes long to draw.
    """

    name: str = "data"
    about: str = "in memory"
    y: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    pairs: NDArray[np.int64] | None = None
    grid: FactorSpace | None = None
    table: FactorTable | None = None
    labels_are_true: bool = True
    white: int = 255
    floats: tuple[int, int] | None = None
    array: NDArray[np.generic] | None = None
    base: Dataset | None = None
    base_rows: NDArray[np.int64] | None = None
    binary: bool | None = None
    probed: int = 256

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are, N, at least 1."""

    @abstractmethod
    def take(self, rows: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W), uint8, or vectors (n, F), float32, of the rows (n,)."""

    @property
    def factors(self) -> FactorSpace:
        """The grid; `NoGrid`, which is a ValueError, if there is none."""
        if self.grid is None:
            raise NoGrid(f"{self.name} has no grid of known factors; take data that have, such as dsprites")
        return self.grid

    @property
    def _known(self) -> FactorSpace | FactorTable | None:
        return self.table if self.grid is None else self.grid

    @property
    def factor_names(self) -> tuple[str, ...]:
        """Of the K factors; none if none are known."""
        return () if self._known is None else self._known.names

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values each factor takes, (K,); 0 for a number that is not an index."""
        return () if self._known is None else self._known.sizes

    @property
    def factor_kinds(self) -> tuple[str, ...]:
        """The kind of each factor, one of `unweave.kinds.KINDS`, or "" where it is not known, (K,)."""
        return () if self._known is None else self._known.kinds

    @property
    def factor_values(self) -> tuple[NDArray[np.generic], ...]:
        """What the indices of each factor mean, words or numbers, (K,); empty where labels are values themselves."""
        return () if self._known is None else self._known.values

    @property
    def labels(self) -> NDArray[np.float64] | None:
        """The whole table (N, K) of factors that make no grid, NaN where one is missing; None without one."""
        return None if self.table is None else self.table.v

    def factors_at(self, rows: Rows) -> Factors:
        """The factor tuples (n, K) that the rows (n,) show; (n, 0) if no factors are known."""
        return np.empty((len(rows), 0)) if self._known is None else self._known.factors_at(rows)

    def observed_factors(self, rows: Rows) -> Factors:
        """The factor tuples (n, K) that a method is given of the rows (n,): `factors_at`, unless they are mislabelled."""
        return self.factors_at(rows)

    def observed_values(self, rows: Rows) -> NDArray[np.float64]:
        """What metrics see of the rows (n,): `observed_factors`, (n, K), with indices of numbers as these numbers.

        On a grid, numbers that are evenly spaced stay indices, which are the same but for their unit.
        """
        return meant(self.observed_factors(rows), () if self._known is None else self._known.meanings)

    def find(self, v: Rows) -> NDArray[np.int64]:
        """Rows (n,) that show the factor tuples (n, K), the last if several do; -1 where there is none.

        ValueError for tuples that are not on the grid, or if no factors are known.
        """
        if self._known is None:
            raise ValueError(f"{self.name} has no known factors to find a row by")
        return self._known.rows(v)

    def images(self, indices: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W) of the factor indices (n, K) of the grid; of a view, also of those that it lacks."""
        return self.take(self.factors.rows(indices))

    def sample_factors(self, n: int, rng: Rng) -> NDArray[np.int64]:
        """`n` factor tuples (n, K) of the grid, as those of rows that are drawn uniformly and independently."""
        return self.factors.sample(n, rng)

    @property
    def whole(self) -> Dataset:
        """The data set behind this view; itself if it is no view."""
        return self if self.base is None else self.base

    def places(self, rows: Rows) -> NDArray[np.int64]:
        """Where the rows (any shape) stand in `whole`."""
        return np.asarray(rows) if self.base_rows is None else self.base_rows[np.asarray(rows)]

    @cached_property
    def info(self) -> DataInfo:
        """The facts of this data set that a method may ask for."""
        rows = self.take([0]) if self.array is None else self.array[:1]
        binary = self.binary
        if binary is None:
            binary = rows.dtype == np.uint8 and is_binary(self.take(spread(len(self))))
        low, high = (0.0, 1.0) if rows.ndim == 4 else span(self.array, len(self), self.take)
        sizes = (self.factor_names, self.factor_sizes)
        return DataInfo(len(self), rows.shape[1:], len(self.class_names), *sizes, binary, low, high)

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits of what it holds: the same however and whenever it is opened, other where something else is held.

        It is of shape, type and number of the rows, of factors, classes, groups and pairs; and of all rows of an array
        of up to 64 MB, of `probed` rows of a larger one, or of one that is drawn. Name, `about`, and the names of
        classes are left out. 0.2 s at the most.
        """
        found = Fingerprint()
        found.add(len(self), len(self.class_names), self.factor_names, self.factor_sizes, *self.factor_values)
        found.add(self.y, self.groups, self.pairs, self.labels)
        for images in found.rows(self.array, len(self), self.take, self.probed):
            found.add(images)
        return found.hex()
