"""Table of ground-truth factors that make no grid: one row for each image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import Rows
from unweave.kinds import declared


class FactorTable:
    """K named factors of N rows, known in whole or in part; has the same methods as `FactorSpace`.

    Args:
        v: (N, K), kept as float64, NaN where a label is missing.
        names: of the K factors.
        sizes: how many values each has, 0 for a measurement; 0 for all if none are given.
        kinds: as of `FactorSpace`, or None if nothing is known.
        values: what the indices of each mean, words or numbers; empty for measurements.
    """

    def __init__(
        self,
        v: Rows,
        names: Sequence[str],
        sizes: Sequence[int] = (),
        kinds: Sequence[str] | None = None,
        values: Sequence[Rows] = (),
    ) -> None:
        self.v: NDArray[np.float64] = np.asarray(v, dtype=np.float64)
        self.names = tuple(names)
        count = len(self.names)
        self.sizes = tuple(map(int, sizes)) or (0,) * count
        self.kinds = declared(kinds, count, self.names)
        self.values: tuple[NDArray[np.generic], ...] = (
            tuple(map(np.asarray, values)) or (np.empty(0),) * count
        )
        lengths = tuple(map(len, self.values))
        if any(lengths) and lengths != self.sizes:
            raise ValueError(
                f"factor values are {lengths} in number; the sizes of the factors are {self.sizes}"
            )
        if self.v.shape[1:] != (len(self.names),) or len(self.sizes) != len(self.names):
            raise ValueError(
                f"labels have shape {self.v.shape}, with {len(self.names)} names and "
                f"{len(self.sizes)} sizes of factors; expected (N, K), K of each"
            )

    def __len__(self) -> int:
        return len(self.v)

    @property
    def meanings(self) -> tuple[NDArray[np.generic], ...]:
        """The numbers that replace a factor's indices for metrics; empty where indices stay."""
        return self.values

    def factors_at(self, rows: Rows) -> NDArray[np.float64]:
        """Factor tuples (n, K) of the rows (n,)."""
        return self.v[np.asarray(rows)]

    def rows(self, v: Rows) -> NDArray[np.int64]:
        """Rows (n,) with exactly the tuples (n, K), the last of several; -1 if none, as for NaN."""
        wanted = np.asarray(v, dtype=np.float64)
        if wanted.ndim != 2 or wanted.shape[1] != len(self.names):
            raise ValueError(
                f"factors have shape {wanted.shape}; "
                f"expected (n, {len(self.names)}) for {', '.join(self.names)}"
            )
        # (N + n,): one number for each different tuple, so that equal tuples have equal numbers
        both = np.concatenate([self.v, wanted])
        number = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
        # the last row of the table with each number: later rows overwrite earlier ones
        last = np.full(len(both), -1)
        last[number[: len(self)]] = np.arange(len(self))
        found = last[number[len(self) :]]  # (n,)
        return np.where(np.isnan(wanted).any(1), -1, found)

    def take(self, rows: Rows) -> FactorTable:
        """The table of these rows (n,)."""
        return FactorTable(self.factors_at(rows), self.names, self.sizes, self.kinds, self.values)


NOTHING_KNOWN = FactorTable(np.empty((0, 0)), ())
