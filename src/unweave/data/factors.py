"""Grid of ground-truth factors behind a data set: names, sizes, and the row of each combination."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.kinds import declared

Rows = NDArray[Any] | Sequence[Any]  # an array, or lists of numbers that make one
Rng = np.random.Generator | int | None
Factors = NDArray[Any]  # factor tuples (n, K): int64 on a grid, float64 of a table
LARGEST = 2**63 - 1  # rows: their numbers are int64


class FactorSpace:
    """K named factors of given sizes in every combination; the last varies fastest over the rows.

    Args:
        names: of the K factors, all different.
        sizes: how many values each has, at least 1. A factor tuple is K indices from 0.
        values: what the indices mean, K sequences of these sizes (radians, pixels, names); the
            indices themselves if None.
        kinds: the kind of each factor, one of `unweave.kinds.KINDS` or "" if it is not known: K of
            them, or those of some by name. If None, factors whose values are words are categorical,
            and the kinds of the others are not known.
    """

    def __init__(
        self,
        names: Sequence[str],
        sizes: Sequence[int],
        values: Sequence[Rows] | None = None,
        kinds: Sequence[str] | Mapping[str, str] | None = None,
    ) -> None:
        self.names = tuple(names)
        self.sizes = tuple(int(size) for size in sizes)
        different = len(set(self.names)) == len(self.names)
        if len(self.names) != len(self.sizes) or not different or not self.names:
            raise ValueError(
                "factors need different names and one size each; "
                f"given {self.names} and {self.sizes}"
            )
        if min(self.sizes) < 1:
            raise ValueError(
                f"every factor has at least one value; the sizes given are {self.sizes}"
            )
        if math.prod(self.sizes) > LARGEST:
            raise ValueError(
                f"{self!r} has more rows than the 2^63 - 1 that can be numbered; give fewer values"
            )
        if values is None:
            values = [np.arange(size) for size in self.sizes]
        self.values = tuple(np.asarray(v) for v in values)
        lengths = [len(v) for v in self.values]
        if tuple(lengths) != self.sizes:
            raise ValueError(f"the values have lengths {lengths}; the sizes are {self.sizes}")
        if kinds is None:
            named = zip(self.names, self.values, strict=True)
            kinds = {name: "categorical" for name, v in named if v.dtype.kind in "US"}
        self.kinds = declared(kinds, len(self.names), self.names)
        # (K,): how many rows apart two neighbouring values of each factor are
        strides = [math.prod(self.sizes[k + 1 :]) for k in range(len(self.sizes))]
        self._strides = np.array(strides, dtype=np.int64)
        self._sizes = np.array(self.sizes, dtype=np.int64)

    def __len__(self) -> int:
        return math.prod(self.sizes)

    def __repr__(self) -> str:
        factors = [f"{name} {size}" for name, size in zip(self.names, self.sizes, strict=True)]
        return f"FactorSpace({', '.join(factors)})"

    def check(self, v: Rows) -> NDArray[np.int64]:
        """Factor tuples (n, K) as int64; ValueError if not whole numbers within the sizes."""
        given = np.asarray(v)
        if given.ndim != 2 or given.shape[1] != len(self.sizes):
            raise ValueError(
                f"factor indices have shape {given.shape}; "
                f"expected (n, {len(self.sizes)}) for {', '.join(self.names)}"
            )
        with np.errstate(invalid="ignore"):
            whole = given.astype(np.int64)
        if given.dtype.kind not in "iu" and not np.array_equal(whole, given):
            raise ValueError("factor indices are whole numbers from 0")
        wrong = (whole < 0) | (whole >= self._sizes)
        if wrong.any():
            row, k = np.argwhere(wrong)[0]
            raise ValueError(
                f"{self.names[k]} is {whole[row, k]} in row {row}; "
                f"it counts from 0 to {self.sizes[k] - 1}"
            )
        return whole

    def rows(self, v: Rows) -> NDArray[np.int64]:
        """Rows (n,) of the grid that show the factor tuples (n, K)."""
        return self.check(v) @ self._strides

    def factors_at(self, rows: Rows) -> NDArray[np.int64]:
        """Factor tuples (n, K) of the rows (n,)."""
        given = np.asarray(rows)
        if given.size and (given.min() < 0 or given.max() >= len(self)):
            raise ValueError(
                f"rows run from 0 to {len(self) - 1}; given {given.min()} to {given.max()}"
            )
        # (n,) -> (n, K): the digits of each row in a number system with the sizes as its bases
        return given[..., None] // self._strides % self._sizes

    @property
    def meanings(self) -> tuple[NDArray[np.generic], ...]:
        """The numbers that replace indices for metrics, of each factor; empty where indices stay.

        Evenly spaced numbers are the same as their indices but for their unit.
        """
        return tuple(values if unevenly(values) else values[:0] for values in self.values)

    def index(self, factor: int | str) -> int:
        """The place of a factor given by name or place."""
        if isinstance(factor, str):
            if factor not in self.names:
                raise ValueError(
                    f"there is no factor {factor!r}; the factors are {', '.join(self.names)}"
                )
            return self.names.index(factor)
        if not 0 <= factor < len(self.names):
            raise ValueError(
                f"there is no factor {factor}; they count from 0 to {len(self.names) - 1}"
            )
        return int(factor)

    def sample(
        self, n: int, rng: Rng, fixed: dict[int | str, int] | None = None
    ) -> NDArray[np.int64]:
        """`n` factor tuples (n, K), uniform and independent but for the factors in `fixed`."""
        v = np.random.default_rng(rng).integers(self._sizes, size=(n, len(self.sizes)))
        if not fixed:
            return v
        for factor, value in fixed.items():
            v[:, self.index(factor)] = value
        return self.check(v)

    def change(self, v: Rows, which: Rows, rng: Rng) -> NDArray[np.int64]:
        """The tuples (n, K) with other values, uniform, of the factors in `which`.

        which: bool (n, K) or (K,); ValueError if it includes a factor of one value.
        """
        start = self.check(v)
        chosen: NDArray[np.bool_] = np.broadcast_to(np.asarray(which, dtype=bool), start.shape)
        constant = chosen & (self._sizes == 1)
        if constant.any():
            name = self.names[np.argwhere(constant)[0][1]]
            raise ValueError(f"{name} has one value and cannot be changed")
        # a step of 1 to size - 1 round the circle of values reaches every other value equally often
        step = np.random.default_rng(rng).integers(1, np.maximum(self._sizes, 2), size=start.shape)
        return np.where(chosen, (start + step) % self._sizes, start)


def meant(v: Rows, values: Sequence[NDArray[np.generic]]) -> NDArray[np.float64]:
    """Factor tuples (n, K), NaN where one is missing, with the numbers that their indices mean.

    values: of each factor, in the order of its indices; the column stays if these are words or
    empty.

    >>> print(meant([[0, 1], [2, 0]], [np.array([1.0, 2.0, 4.0]), np.array(["disc", "box"])]))
    [[1. 1.]
     [4. 0.]]
    """
    found = np.array(v, dtype=np.float64)  # (n, K)
    for k, numbers in enumerate(values):
        known = ~np.isnan(found[:, k])
        if len(numbers) and numbers.ndim == 1 and numbers.dtype.kind in "iuf":
            found[known, k] = numbers[found[known, k].astype(np.int64)]
    return found


def unevenly(values: NDArray[np.generic]) -> bool:
    """Whether numbers of a factor are spaced unevenly, so that indices lose information.

    False for words.
    """
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        return False
    # steps between neighbours, equal up to rounding if the values are even
    steps = np.diff(values.astype(np.float64))
    return bool(len(steps)) and bool(np.ptp(steps) > 1e-9 * np.abs(steps).max())
