"""Images as every layer above sees them: rows of uint8, with or without known factors, classes, labels and groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.beside import numbers
from unweave.data.convert.scale import unmasked
from unweave.data.factors import FactorSpace, Rng, Rows, meant, unevenly
from unweave.kinds import declared
from unweave.tensors import plain
from unweave.types import DataInfo

Draw = Callable[[NDArray[np.int64]], NDArray[np.uint8]]
LOOKED_AT = 500  # rows that decide whether images are binary; all rows of a data set can be gigabytes on a disk


class ImageData:
    """Images, or vectors, without a known grid of factors.

    Args:
        array: uint8 (N, C, H, W) in memory or memory-mapped; or vectors (N, F), kept as float32.
        y: classes (N,) from 0, and `class_names` for them (the numbers themselves if not given).
        labels: known factors of each row (N, K), kept as float64, NaN where one is missing or masked, with
            `factor_names`, and `factor_sizes`: how many values each takes, 0 for a number that is not an index; and
            `factor_kinds`: one of `unweave.kinds.KINDS` each, or "" where it is not known; and `factor_values`: what the
            indices of each mean, words or numbers, none where labels are values themselves.
        groups: (N,) which rows belong together (the same object, person, video), in the order they follow each other.
        pairs: (P, 2) rows known to differ in few factors.
        name: of the data set. about: one line on where it came from.
        binary: whether every pixel is 0 or 255; looked up in some rows if None.
        white: which number was white where the images came as numbers deeper than bytes, as of 12 or 16 bits.
        floats: which numbers were black and white where the images came as floats; None where they did not.
    """

    white: int = 255
    floats: tuple[int, int] | None = None

    def __init__(
        self,
        array: Any,
        *,
        y: Any = None,
        class_names: Sequence[str] = (),
        labels: Any = None,
        factor_names: Sequence[str] = (),
        factor_sizes: Sequence[int] = (),
        factor_kinds: Sequence[str] | None = None,
        factor_values: Sequence[Rows] = (),
        groups: Any = None,
        pairs: Any = None,
        name: str = "arrays",
        about: str = "in memory",
        binary: bool | None = None,
        white: int = 255,
        floats: tuple[int, int] | None = None,
    ) -> None:
        self.array = _rows_of(unmasked(plain(array), name))
        self.name, self.about, self._binary = name, about, binary
        self.white = white
        self.floats = floats
        self.y = self._column("y", y)
        if self.y is not None and self.y.min() < 0:
            raise ValueError(f"classes count from 0; the smallest given is {self.y.min()}")
        count = 0 if self.y is None else int(self.y.max()) + 1
        self.class_names = tuple(class_names) or tuple(map(str, range(count)))
        if len(self.class_names) < count:
            raise ValueError(f"y holds class {count - 1}, but there are {len(self.class_names)} class names")
        self.groups = self._column("groups", groups)
        self.pairs = None if pairs is None else self._pairs(np.asarray(unmasked(plain(pairs), "pairs")))
        self.labels = None if labels is None else numbers(np.asanyarray(plain(labels)))
        self.factor_names = tuple(factor_names)
        self.factor_sizes = tuple(factor_sizes) or (0,) * len(self.factor_names)
        self.factor_kinds = declared(factor_kinds, len(self.factor_names), self.factor_names)
        self.factor_values = tuple(map(np.asarray, factor_values)) or (np.empty(0),) * len(self.factor_names)
        meanings = tuple(map(len, self.factor_values))
        if any(meanings) and meanings != self.factor_sizes:
            raise ValueError(
                f"factor values are {meanings} in number; the sizes of the factors are {self.factor_sizes}"
            )
        expected = (len(self), len(self.factor_names))
        if self.labels is not None and (self.labels.shape != expected or len(self.factor_sizes) != expected[1]):
            raise ValueError(f"labels have shape {self.labels.shape}; rows and factor names ask for {expected}")

    def _column(self, name: str, given: Any) -> NDArray[np.int64] | None:
        if given is None:
            return None
        column = np.asarray(unmasked(plain(given), name))
        if column.shape != (len(self),) or column.dtype.kind not in "iub":
            raise ValueError(f"{name} has shape {column.shape}, {column.dtype}; expected {len(self)} whole numbers")
        return column.astype(np.int64)

    def _pairs(self, given: NDArray[np.generic]) -> NDArray[np.int64]:
        if given.ndim != 2 or given.shape[1] != 2 or given.dtype.kind not in "iu":
            raise ValueError(f"pairs have shape {given.shape}, {given.dtype}; expected rows, whole numbers (P, 2)")
        if given.size and (given.min() < 0 or given.max() >= len(self)):
            raise ValueError(f"pairs name rows {given.min()} to {given.max()}; they run from 0 to {len(self) - 1}")
        return given.astype(np.int64)

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W), uint8, or vectors (n, F), float32, of the rows (n,)."""
        return np.ascontiguousarray(self.array[np.asarray(rows)])

    def observed_values(self, rows: Rows) -> NDArray[np.float64] | None:
        """What metrics see of the rows (n,): their labels (n, K) with indices of numbers as these numbers."""
        return None if self.labels is None else meant(self.labels[np.asarray(rows)], self.factor_values)

    @cached_property
    def info(self) -> DataInfo:
        """The facts of this data set that a method may ask for."""
        if self._binary is None:
            self._binary = self.array.dtype == np.uint8 and is_binary(self.take(_spread(len(self))))
        shape = self.array.shape[1:]
        low, high = (0.0, 1.0) if len(shape) == 3 else (float(self.array.min()), float(self.array.max()))
        return DataInfo(
            len(self),
            shape,
            len(self.class_names),
            self.factor_names,
            self.factor_sizes,
            self._binary,
            low,
            high,
        )


class FactorImages:
    """Images of every combination of known factors, held in an array or drawn when asked for.

    Args:
        factors: the grid. Row r shows the factor tuple `factors.factors_at(r)`.
        images: uint8 (N, C, H, W) in the order of the grid, in memory or memory-mapped; or a function from factor
            indices (n, K) to such images (n, C, H, W), the same for the same indices.
        name: of the data set. about: one line on where it came from, e.g. "rendered".
        binary: whether every pixel is 0 or 255; looked up in some rows if None.
        white: which number was white where the images came as numbers deeper than bytes, as of 12 or 16 bits.
        floats: which numbers were black and white where the images came as floats; None where they did not.
    """

    white: int = 255
    floats: tuple[int, int] | None = None
    y: NDArray[np.int64] | None = None
    groups: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    labels_are_true: bool = True  # False where observed factors are not those that the images show

    def __init__(
        self,
        factors: FactorSpace,
        images: NDArray[np.uint8] | Draw,
        *,
        name: str = "arrays",
        about: str = "in memory",
        binary: bool | None = None,
        white: int = 255,
        floats: tuple[int, int] | None = None,
    ) -> None:
        self.factors, self.name, self.about, self._binary = factors, name, about, binary
        self.white = white
        self.floats = floats
        if callable(images):
            self.array, self._draw = None, images
        else:
            self.array, self._draw = images, lambda v: self.take(factors.rows(v))
            if _rows_of(images).dtype != np.uint8 or len(images) != len(factors):
                held = f"{len(images)} rows of {images.dtype}"
                raise ValueError(f"{factors} asks for {len(factors)} images of uint8; the array holds {held}")

    def __len__(self) -> int:
        return len(self.factors)

    def factors_at(self, rows: Rows) -> NDArray[np.int64]:
        """Factor tuples (n, K) of the rows (n,)."""
        return self.factors.factors_at(rows)

    def observed_factors(self, rows: Rows) -> NDArray[np.int64]:
        """The factor tuples (n, K) that a method and a metric are given of the rows (n,): `factors_at`, unless mislabelled."""
        return self.factors_at(rows)

    def observed_values(self, rows: Rows) -> NDArray[np.float64]:
        """What metrics see of the rows (n,): `observed_factors`, (n, K), with indices of numbers as these numbers.

        Numbers that are evenly spaced stay indices, which are the same but for their unit.
        """
        uneven = [values if unevenly(values) else values[:0] for values in self.factors.values]
        return meant(self.observed_factors(rows), uneven)

    def images(self, indices: Rows) -> NDArray[np.uint8]:
        """The images (n, C, H, W), 0 to 255, of the factor indices (n, K)."""
        return self._draw(self.factors.check(indices))

    def take(self, rows: Rows) -> NDArray[np.uint8]:
        """The images (n, C, H, W) of the rows (n,) of the grid."""
        if self.array is not None:
            return np.ascontiguousarray(self.array[np.asarray(rows)])
        return self._draw(self.factors.factors_at(rows))

    def sample_factors(self, n: int, rng: Rng) -> NDArray[np.int64]:
        """`n` factor tuples (n, K), uniform and independent."""
        return self.factors.sample(n, rng)

    @cached_property
    def info(self) -> DataInfo:
        """The facts of this data set that a method may ask for."""
        if self._binary is None:
            self._binary = is_binary(self.take(_spread(len(self))))
        shape = self.take(np.zeros(1, dtype=np.int64)).shape[1:] if self.array is None else self.array.shape[1:]
        return DataInfo(len(self), shape, 0, self.factors.names, self.factors.sizes, self._binary)


def is_binary(images: NDArray[np.generic]) -> bool:
    """Whether every pixel is 0 or 255."""
    return bool(((images == 0) | (images == 255)).all())


def _spread(n: int) -> NDArray[np.int64]:
    return np.unique([i * (n - 1) // (LOOKED_AT - 1) for i in range(LOOKED_AT)])


def _rows_of(array: NDArray[np.generic]) -> NDArray[np.generic]:
    if array.ndim == 2 and len(array):
        return np.asarray(array, dtype=np.float32)
    if array.ndim != 4 or array.dtype != np.uint8 or not len(array):
        found = f"{array.dtype} of shape {array.shape}"
        raise ValueError(f"expected images, uint8 (N, C, H, W), or vectors (N, F), with N at least 1; found {found}")
    return array
