"""Images or vectors in an array, with or without classes, labels, groups and pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.convert.beside import numbers
from unweave.data.convert.scale import unmasked
from unweave.data.factor_table import FactorTable
from unweave.data.factors import Rows
from unweave.data.images.rows import rows_of, taken
from unweave.tensors import plain


class ImageData(Dataset):
    """Images, or vectors, without a known grid of factors.

    Args:
        array: uint8 (N, C, H, W) in memory or memory-mapped; or vectors (N, F), kept as float32.
        y: classes (N,) from 0, and `class_names` for them (the numbers themselves if not given).
        labels: known factors of each row (N, K), kept as float64, NaN where one is missing or
            masked, with `factor_names`.
        factor_sizes: how many values each factor has, 0 for a measurement.
        factor_kinds: one of `unweave.kinds.KINDS` for each, or "" if it is not known.
        factor_values: what the indices of each mean, words or numbers; empty for measurements.
        groups: (N,) which rows belong together (the same object, person, video), in their order.
        pairs: (P, 2) rows known to differ in few factors.
        name: of the data set. about: one line on where it came from.
        binary: whether every pixel is 0 or 255; looked up in some rows if None.
        white: the number of white in images that came with more than 8 bits, e.g. 12 or 16.
        floats: the numbers of black and white in images that came as floats; None for others.
        ones_are_white: the array holds 0 and 1, and `take` gives 0 and 255.
    """

    array: NDArray[np.generic]

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
        ones_are_white: bool = False,
    ) -> None:
        self.array = rows_of(unmasked(plain(array), name))
        self.name = name
        self.about = about
        self.binary = binary
        self.white = white
        self.floats = floats
        self.ones_are_white = ones_are_white
        self.y = self._column("y", y)
        self.class_names = self._named(class_names)
        self.groups = self._column("groups", groups)
        if pairs is not None:
            self.pairs = self._pairs(np.asarray(unmasked(plain(pairs), "pairs")))
        v = self._labels(labels, len(factor_names))
        if v is not None:
            self.table = FactorTable(v, factor_names, factor_sizes, factor_kinds, factor_values)

    def _column(self, name: str, given: Any) -> NDArray[np.int64] | None:
        """A whole number (N,) for each row; ValueError for anything else but None."""
        if given is None:
            return None
        column = np.asarray(unmasked(plain(given), name))
        if column.shape != (len(self),) or column.dtype.kind not in "iub":
            raise ValueError(
                f"{name} has shape {column.shape}, {column.dtype}; "
                f"expected {len(self)} whole numbers"
            )
        return column.astype(np.int64)

    def _named(self, given: Sequence[str]) -> tuple[str, ...]:
        """The names of the classes of y; their numbers if no names are given."""
        if self.y is not None and self.y.min() < 0:
            raise ValueError(f"classes count from 0; the smallest given is {self.y.min()}")
        count = 0
        if self.y is not None:
            count = int(self.y.max()) + 1
        names = tuple(given) or tuple(map(str, range(count)))
        if len(names) < count:
            raise ValueError(f"y holds class {count - 1}, but there are {len(names)} class names")
        return names

    def _labels(self, given: Any, factors: int) -> NDArray[np.float64] | None:
        """The labels as floats (N, K), K = `factors`, NaN where masked; None without labels."""
        if given is None:
            if factors:
                raise ValueError(
                    f"{factors} factor names are given, and no labels; give labels (N, K), "
                    "NaN where missing"
                )
            return None
        labels = numbers(np.asanyarray(plain(given)))
        if labels.shape != (len(self), factors):
            raise ValueError(
                f"labels have shape {labels.shape}; "
                f"rows and factor names need {(len(self), factors)}"
            )
        return labels

    def _pairs(self, given: NDArray[np.generic]) -> NDArray[np.int64]:
        if given.ndim != 2 or given.shape[1] != 2 or given.dtype.kind not in "iu":
            raise ValueError(
                f"pairs have shape {given.shape}, {given.dtype}; "
                "expected rows, whole numbers (P, 2)"
            )
        if given.size and (given.min() < 0 or given.max() >= len(self)):
            raise ValueError(
                f"pairs name rows {given.min()} to {given.max()}; "
                f"they run from 0 to {len(self) - 1}"
            )
        return given.astype(np.int64)

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W), uint8, or vectors (n, F), float32, of the rows (n,)."""
        return taken(self.array, rows, self.ones_are_white)
