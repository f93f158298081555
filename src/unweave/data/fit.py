"""Check of a data set against `unweave.data.base`, so that errors are found before training."""

from __future__ import annotations

import numpy as np

from unweave.data.base import Dataset
from unweave.data.images.rows import rows_of


def refuse_unfit(data: Dataset) -> None:
    """ValueError for rows of a wrong shape or type, and for columns of a wrong length or type."""
    try:
        _rows(data)
        _columns(data)
    except ValueError as error:
        raise ValueError(f"the data set {data.name} does not fit: {error}") from error


def _rows(data: Dataset) -> None:
    """`take` gives as many rows as are requested, in their order."""
    wanted = np.array([0, len(data) - 1, 0])
    taken = data.take(wanted)
    if not isinstance(taken, np.ndarray):
        raise ValueError(f"take gave a {type(taken).__name__}; expected a numpy array")
    found = rows_of(taken)
    if len(found) != len(wanted):
        raise ValueError(f"take gave {len(found)} rows, and {len(wanted)} were requested")
    if not np.array_equal(found[0], found[2], equal_nan=found.dtype.kind == "f"):
        raise ValueError("take gave other values for the same row: a row is always the same image")


def _columns(data: Dataset) -> None:
    n = len(data)
    for name, column in (("y", data.y), ("groups", data.groups)):
        if column is None:
            continue
        if not isinstance(column, np.ndarray):
            raise ValueError(
                f"{name} is a {type(column).__name__}; "
                f"expected an array of {n} whole numbers, int64"
            )
        if column.shape != (n,):
            raise ValueError(
                f"{name} has shape {column.shape}; expected an array of {n} whole numbers, int64"
            )
        if column.dtype != np.int64:
            raise ValueError(
                f"{name} holds {column.dtype}; expected an array of {n} whole numbers, int64"
            )
    if data.y is not None and not 0 <= data.y.min() <= data.y.max() < len(data.class_names):
        raise ValueError(
            f"y is from {data.y.min()} to {data.y.max()}; "
            f"there are {len(data.class_names)} class_names"
        )
    if data.grid is not None and data.base is None and len(data.grid) != n:
        raise ValueError(
            f"it has {n} rows, and the grid {data.grid} has {len(data.grid)}; "
            "a view shows a part of one"
        )
    if data.table is not None and len(data.table) != n:
        raise ValueError(f"it has {n} rows, and its table of factors {len(data.table)}")
