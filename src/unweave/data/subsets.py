"""A data set seen through some of its rows: a held-out part, a shift, classes made of a factor. No image is copied."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import Rng, Rows
from unweave.data.images import FactorImages, ImageData
from unweave.seeds import fold
from unweave.types import DataInfo

Data = ImageData | FactorImages
LISTED = 100_000_000  # rows, 0.8 GB of their numbers: a grid of continuous factors can have a million times more


class ImageRows(ImageData):
    """Rows of an `ImageData`, in the order given; a row may come more than once.

    `of` and `rows` are the data set behind it and where each row stands there. `y`, if given, are classes (n,) of the
    rows in place of its own.
    """

    def __init__(
        self,
        of: ImageData,
        rows: NDArray[np.int64],
        about: str,
        y: NDArray[np.int64] | None = None,
        class_names: tuple[str, ...] = (),
    ) -> None:
        self.of, self.rows, self.name, self.about, self.array = of, rows, of.name, about, of.array
        self.class_names = of.class_names if y is None else class_names
        self.factor_names, self.factor_sizes = of.factor_names, of.factor_sizes
        self.white = of.white
        self.floats = of.floats
        self.factor_kinds = of.factor_kinds
        self.factor_values = of.factor_values
        own = None if of.y is None else of.y[rows]
        self.y = own if y is None else y
        self.groups = None if of.groups is None else of.groups[rows]
        self.labels = None if of.labels is None else of.labels[rows]
        self.pairs = None if of.pairs is None else _within(of.pairs, rows, len(of))

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W), or vectors (n, F), of the rows (n,) of this view."""
        return self.of.take(self.rows[np.asarray(rows)])

    @cached_property
    def info(self) -> DataInfo:
        """The facts of the data set behind it, with this view's number of rows and classes."""
        return _resized(self.of.info, len(self), len(self.class_names))


class FactorRows(FactorImages):
    """Rows of a `FactorImages`: its factors are the whole grid, but only the combinations at `rows` are sampled.

    Row r shows the factors `factors_at(r)`, not `factors.factors_at(r)`. `images` still answers for every combination.
    `y`, if given, are classes (n,) of the rows.
    """

    def __init__(
        self,
        of: FactorImages,
        rows: NDArray[np.int64],
        about: str,
        y: NDArray[np.int64] | None = None,
        class_names: tuple[str, ...] = (),
    ) -> None:
        self.of, self.rows, self.factors, self.name, self.about, self.array = of, rows, of.factors, of.name, about, None
        self.y = y
        self.class_names = class_names
        self.labels_are_true = of.labels_are_true
        self.white = of.white
        self.floats = of.floats

    def __len__(self) -> int:
        return len(self.rows)

    def factors_at(self, rows: Rows) -> NDArray[np.int64]:
        """Factor tuples (n, K) of the rows (n,) of this view."""
        return self.factors.factors_at(self.rows[np.asarray(rows)])

    def observed_factors(self, rows: Rows) -> NDArray[np.int64]:
        """The factor tuples (n, K) that are given out for the rows (n,) of this view."""
        return self.of.observed_factors(self.rows[np.asarray(rows)])

    def take(self, rows: Rows) -> NDArray[np.uint8]:
        """The images (n, C, H, W) of the rows (n,) of this view."""
        return self.of.take(self.rows[np.asarray(rows)])

    def images(self, indices: Rows) -> NDArray[np.uint8]:
        """The images (n, C, H, W) of any factor indices (n, K), held here or not."""
        return self.of.images(indices)

    def sample_factors(self, n: int, rng: Rng) -> NDArray[np.int64]:
        """`n` factor tuples (n, K) of rows drawn uniformly from this view."""
        return self.factors_at(np.random.default_rng(rng).integers(len(self), size=n))

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self.rows, kind="stable")

    def find(self, v: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows (n,) of this view that show the factor tuples (n, K), the last if several do; -1 where it has none."""
        wanted = self.factors.rows(v)
        last = self._order[np.searchsorted(self.rows, wanted, side="right", sorter=self._order) - 1]
        return np.where(self.rows[last] == wanted, last, -1)

    @cached_property
    def info(self) -> DataInfo:
        """The facts of the data set behind it, with this view's number of rows and classes."""
        return _resized(self.of.info, len(self), len(self.class_names))


def _within(pairs: NDArray[np.int64], rows: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The pairs whose two rows are both in the view, as rows of the view."""
    place = np.full(n, -1)
    place[rows] = np.arange(len(rows))
    kept = place[pairs]
    return kept[(kept >= 0).all(1)]


def _resized(info: DataInfo, n: int, classes: int | None = None) -> DataInfo:
    classes = info.classes if classes is None else classes
    return dataclasses.replace(info, n=n, classes=classes)


def every_row(data: Data) -> NDArray[np.int64]:
    """All rows (N,), 0 to N - 1. ValueError if they are too many to be listed."""
    if len(data) > LISTED:
        raise ValueError(
            f"{data.name} has {len(data):,} rows, more than the {LISTED:,} that can be listed, as a shift, a held-out "
            "part, classes, all labels and epochs ask; give fewer levels, or do without"
        )
    return np.arange(len(data))


def subset(data: Data, rows: Rows, about: str = "") -> Data:
    """The data set seen through the rows (n,), in that order. ValueError if there are none or one is out of range."""
    rows = np.asarray(rows, dtype=np.int64)
    if rows.ndim != 1 or not len(rows) or rows.min() < 0 or rows.max() >= len(data):
        raise ValueError(f"rows of {data.name} are a list of whole numbers from 0 to {len(data) - 1}, at least one")
    about = about or f"{len(rows):,} of {len(data):,} rows; {data.about}"
    y = None if data.y is None else data.y[rows]
    if isinstance(data, FactorRows):
        return FactorRows(data.of, data.rows[rows], about, y, data.class_names)
    if isinstance(data, ImageRows):
        return ImageRows(data.of, data.rows[rows], about, y, data.class_names)
    return FactorRows(data, rows, about) if isinstance(data, FactorImages) else ImageRows(data, rows, about)


def split(data: Data, fraction: float, seed: int) -> tuple[Data, Data]:
    """(training view, held-out view): a random `fraction` of the rows is held out, the same for the same seed.

    Where rows belong together, whole groups are held out, and whole chains of pairs, so that no clip, pair or person is
    on both sides.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"the held-out fraction is {fraction}; it has to be above 0 and below 1")
    units = _units(data)
    n = int(units.max()) + 1
    count = max(round(n * fraction), 1)
    if count >= n:
        raise ValueError(f"{data.name} has {n} rows or groups, too few to hold out {fraction:g} of them")
    held = np.zeros(n, dtype=bool)
    held[np.random.default_rng(fold(seed, "held out")).permutation(n)[:count]] = True
    inside = held[units]
    return (
        subset(data, np.flatnonzero(~inside), f"all but the {fraction:.0%} held out; {data.about}"),
        subset(data, np.flatnonzero(inside), f"the {fraction:.0%} held out; {data.about}"),
    )


def _units(data: Data) -> NDArray[np.int64]:
    """A number (N,) for each row, equal for rows that must not be parted, from 0 without gaps."""
    if data.groups is not None:
        return np.unique(data.groups, return_inverse=True)[1]
    if isinstance(data, FactorImages) or data.pairs is None:
        return every_row(data)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joined = coo_array((np.ones(len(data.pairs)), data.pairs.T), shape=(len(data), len(data)))
    return connected_components(joined, directed=False)[1].astype(np.int64)


def with_classes(data: FactorImages, factor: int | str) -> FactorRows:
    """The same images with the values of one factor as their classes, for methods that train on classes."""
    k = data.factors.index(factor)
    rows = data.rows if isinstance(data, FactorRows) else every_row(data)
    of = data.of if isinstance(data, FactorRows) else data
    y = of.observed_factors(rows)[:, k]
    name = data.factors.names[k]
    names = tuple(f"{name} {value}" for value in data.factors.values[k])
    return FactorRows(of, rows, f"classes are the values of {name}; {data.about}", y, names)
