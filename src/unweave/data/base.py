"""Base class of data sets: rows of images or vectors, with known factors, classes and groups.

Training, scoring, reports and the command line use a `Dataset` and nothing else. A subclass defines
how many rows there are and what they show; all other attributes have defaults:

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

1. A data set does not change: equal rows give equal arrays, in every process, and the caller owns
   what `take` returns.
2. Factors are known on a `grid`, in a `table`, in part (NaN in the table), or not at all. On a
   grid, row r of a data set that is no view shows the factors `grid.factors_at(r)`, and every
   combination is there.
3. What the rows show (`factors_at`, `find`, `images`, `sample_factors`) may differ from the labels
   that methods and metrics get (`observed_factors`, `observed_values`): then `labels_are_true` is
   False.
4. A view has the rows `base_rows` of its `base`, which is no view. It keeps the grid of its base,
   of which it then shows a part, or some combinations more than once.
5. Code tests the attributes of a data set, such as `data.grid is None`, and never its class.

An object of another class is accepted too, if it has `name`, `take` and a length: see
`unweave.data.adopted`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.layout import refuse_channels_last
from unweave.data.factor_table import NOTHING_KNOWN, FactorTable
from unweave.data.factors import Factors, FactorSpace, Rng, Rows, meant
from unweave.data.fingerprint import Fingerprint
from unweave.data.looks import is_binary, span, spread
from unweave.types import DataInfo


class NoGrid(ValueError, AttributeError):
    """Data without a grid of known factors; an AttributeError, so that `hasattr` works."""


class Dataset(ABC):
    """Base class of every data set.

    name: of the data set. about: one line on where it came from.
    y: classes (N,) from 0, None if there are none, with `class_names`.
    groups: (N,) which rows belong together (the same object, person, video), in their order.
    pairs: (P, 2) rows known to differ in few factors.
    grid, table: the known factors, see rule 2; at most one of the two.
    labels_are_true: whether observed factors are those that the rows show.
    layers_of_errors: how many times its labels were made wrong at random.
    white: the number of white in images that came with more than 8 bits, e.g. 12 or 16.
    floats: the numbers of black and white in images that came as floats; None for others.
    array: all rows (N, ...), in memory or memory-mapped; None for a view, and for rendered rows.
    ones_are_white: `array` holds 0 and 1, and `take` gives 0 and 255.
    base, base_rows: of a view, the data set behind it and the place of each row there (N,); else
    None.
    binary: whether every pixel is 0 or 255; looked up in some rows if None.
    probed: how many rows the fingerprint of a large data set covers; fewer if rendering is slow.
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
    layers_of_errors: int = 0
    white: int = 255
    floats: tuple[int, int] | None = None
    array: NDArray[np.generic] | None = None
    ones_are_white: bool = False
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
        """The grid of factors; `NoGrid`, which is a ValueError, if there is none."""
        if self.grid is None:
            raise NoGrid(
                f"{self.name} has no grid of known factors; take data that have, such as dsprites"
            )
        return self.grid

    @property
    def _known(self) -> FactorSpace | FactorTable:
        """The grid or the table of the factors; a table of none if none are known."""
        if self.grid is not None:
            return self.grid
        if self.table is not None:
            return self.table
        return NOTHING_KNOWN

    @property
    def factor_names(self) -> tuple[str, ...]:
        """The names of the K factors; () if none are known."""
        return self._known.names

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """How many values each factor has, (K,); 0 for a measurement, which is no index."""
        return self._known.sizes

    @property
    def factor_kinds(self) -> tuple[str, ...]:
        """The kind of each factor (K,), one of `unweave.kinds.KINDS`, or "" if it is not known."""
        return self._known.kinds

    @property
    def factor_values(self) -> tuple[NDArray[np.generic], ...]:
        """What the indices of each factor mean, words or numbers, (K,); empty for measurements."""
        return self._known.values

    @property
    def labels(self) -> NDArray[np.float64] | None:
        """The table (N, K) of factors without a grid, NaN where missing; None if there is none."""
        return None if self.table is None else self.table.v

    def factors_at(self, rows: Rows) -> Factors:
        """The factor tuples (n, K) that the rows (n,) show; (n, 0) if no factors are known."""
        if self._known is NOTHING_KNOWN:
            return np.empty((len(rows), 0))
        return self._known.factors_at(rows)

    def observed_factors(self, rows: Rows) -> Factors:
        """The labels (n, K) of rows (n,) for methods: `factors_at` unless mislabelled."""
        return self.factors_at(rows)

    def observed_values(self, rows: Rows) -> NDArray[np.float64]:
        """The labels (n, K) of rows (n,) for metrics: `observed_factors`, indices as their numbers.

        On a grid, numbers that are evenly spaced stay indices, which are the same but for their
        unit.
        """
        return meant(self.observed_factors(rows), self._known.meanings)

    def find(self, v: Rows) -> NDArray[np.int64]:
        """Rows (n,) that show the factor tuples (n, K), the last of several; -1 if there is none.

        ValueError for tuples that are not on the grid, or if no factors are known.
        """
        if self._known is NOTHING_KNOWN:
            raise ValueError(f"{self.name} has no known factors to find a row by")
        return self._known.rows(v)

    def images(self, indices: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W) of factor indices (n, K) of the grid, those a view lacks too."""
        return self.take(self.factors.rows(indices))

    def sample_factors(self, n: int, rng: Rng) -> NDArray[np.int64]:
        """`n` factor tuples (n, K) of rows of the grid, drawn uniformly and independently."""
        return self.factors.sample(n, rng)

    @property
    def whole(self) -> Dataset:
        """The data set behind this view; itself if it is no view."""
        return self if self.base is None else self.base

    def places(self, rows: Rows) -> NDArray[np.int64]:
        """The places of the rows (any shape) in `whole`."""
        places = np.asarray(rows)
        return places if self.base_rows is None else self.base_rows[places]

    @cached_property
    def info(self) -> DataInfo:
        """The facts of this data set that a method may use."""
        rows = self.take([0]) if self.array is None else self.array[:1]
        refuse_channels_last(rows.shape[1:], self.name)
        binary = self.binary
        if binary is None:
            binary = rows.dtype == np.uint8 and is_binary(self.take(spread(len(self))))
        bounds = (0.0, 1.0)  # images reach a method in [0, 1]
        if rows.ndim != 4:
            bounds = span(self.array, len(self), self.take)
        facts = (len(self.class_names), self.factor_names, self.factor_sizes, binary, *bounds)
        return DataInfo(len(self), rows.shape[1:], *facts)

    @cached_property
    def fingerprint(self) -> str:
        """`digest` of a sample of the rows: 0.2 s at the most."""
        return self.digest()

    def digest(self, *, whole: bool = False) -> str:
        """Hash of the contents, 32 hex digits: equal whenever and however the same data are opened.

        It covers shape, type and number of the rows, factors, classes, groups and pairs; and all
        rows of an array of up to 64 MB, or `probed` rows of a larger one, or of rendered ones.
        Name, `about`, and the names of classes are left out.

        whole: whether all rows count, however many there are.
        """
        found = Fingerprint(whole=whole)
        found.add(len(self), len(self.class_names), self.factor_names, self.factor_sizes)
        found.add(*self.factor_values)
        found.add(self.y, self.groups, self.pairs, self.labels)
        for images in found.rows(self.array, len(self), self.take, self.probed):
            found.add(images)
        return found.hex()
