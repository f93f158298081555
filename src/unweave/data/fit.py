"""Check of a data set against `unweave.data.base`, so that errors are found before training."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from unweave.data.base import Dataset
from unweave.data.factor_table import FactorTable
from unweave.data.factors import FactorSpace
from unweave.data.images.rows import rows_of
from unweave.text import kind


def refuse_unfit(data: Dataset, opened_by: str = "") -> None:
    """ValueError for rows of a wrong shape or type, and for columns of a wrong length or type.

    opened_by: the user's "module:function" that gave the data set, for the message.
    """
    try:
        n = _length(data)
        _rows(data, n)
        _columns(data, n)
        _factors(data, n)
    except ValueError as error:
        place = f"{opened_by}: " if opened_by else ""
        raise ValueError(f"{place}the data set {data.name} does not fit: {error}") from error


def _length(data: Dataset) -> int:
    """The number of rows."""
    try:
        n = len(data)
    except TypeError as error:
        raise ValueError(
            f"{_function(data, '__len__')}: {error}; expected a whole number"
        ) from error
    if n < 1:
        raise ValueError("it has no rows; expected 1 at least")
    return n


def _rows(data: Dataset, n: int) -> None:
    """`take` gives as many rows as are requested, in their order."""
    wanted = np.array([0, n - 1, 0])
    take = _function(data, "take")
    try:
        inspect.signature(data.take).bind(wanted)
    except TypeError as error:
        raise ValueError(f"{take} is called with (rows): {error}") from error
    taken: Any = data.take(wanted)
    if not isinstance(taken, np.ndarray):
        raise ValueError(f"{take} gave {kind(taken)}; expected a numpy array")
    try:
        found = rows_of(taken)
    except ValueError as error:
        raise ValueError(f"{take}: {error}") from error
    if len(found) != len(wanted):
        raise ValueError(f"{take} gave {len(found)} rows, and {len(wanted)} were requested")
    if not np.array_equal(found[0], found[2], equal_nan=found.dtype.kind == "f"):
        raise ValueError(
            f"{take} gave other values for the same row: a row is always the same image"
        )


def _function(data: Dataset, name: str) -> str:
    """The name of a function of a data set, with its class if that is a third party's."""
    made = type(getattr(data, "given", data))
    if made.__module__.partition(".")[0] == "unweave":
        return name
    return f"{made.__qualname__}.{name}"


def _columns(data: Dataset, n: int) -> None:
    for name, column in (("y", data.y), ("groups", data.groups)):
        _whole_numbers(name, column, (n,), f"an array of {n} whole numbers, int64")
    pairs = None if data.pairs is None else (len(data.pairs), 2)
    _whole_numbers("pairs", data.pairs, pairs, "an array (P, 2) of rows, int64")
    if data.y is not None and not 0 <= data.y.min() <= data.y.max() < len(data.class_names):
        raise ValueError(
            f"y is from {data.y.min()} to {data.y.max()}; "
            f"there are {len(data.class_names)} class_names"
        )


def _whole_numbers(name: str, column: Any, shape: tuple[int, ...] | None, expected: str) -> None:
    """ValueError for a column that is not None, and no int64 array of this shape."""
    if column is None:
        return
    if not isinstance(column, np.ndarray):
        raise ValueError(f"{name} is {kind(column)}; expected {expected}")
    if column.shape != shape:
        raise ValueError(f"{name} has shape {column.shape}; expected {expected}")
    if column.dtype != np.int64:
        raise ValueError(f"{name} holds {column.dtype}; expected {expected}")


def _factors(data: Dataset, n: int) -> None:
    for name, made in (("grid", FactorSpace), ("table", FactorTable)):
        known = getattr(data, name)
        if known is not None and not isinstance(known, made):
            where = f"{made.__module__}.{made.__name__}"
            raise ValueError(f"its {name} is {kind(known)}; expected a {where}")
    if data.grid is not None and data.base is None and len(data.grid) != n:
        raise ValueError(
            f"it has {n} rows, and the grid {data.grid} has {len(data.grid)}; "
            "a view shows a part of one"
        )
    if data.table is not None and len(data.table) != n:
        raise ValueError(f"it has {n} rows, and its table of factors {len(data.table)}")
