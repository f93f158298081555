"""Adapter that makes a `Dataset` of an object of another class, such as the user's own data set.

This is the only file that tests which attributes an object has.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.factor_table import FactorTable
from unweave.data.factors import FactorSpace, Rows
from unweave.text import kind
from unweave.types import DataInfo

NEEDED = ("name", "take", "__len__")
RESERVED = ("take", "info", "base", "base_rows")  # which a `Dataset` defines itself
# Attributes that are copied from the object: all of a `Dataset`, without properties and RESERVED.
SETTABLE = [
    name
    for name, default in vars(Dataset).items()
    if not (name.startswith("_") or isinstance(default, property) or name in RESERVED)
]


def adopt(given: Any) -> Dataset | None:
    """The object as a `Dataset`, if it is one or behaves as one; None for others, such as an array.

    Data sets of other libraries may have a `take` and an `info` too. An object counts as ours if
    its `info` is a `DataInfo`, or if it has `take` and no index.
    ValueError that names the attribute that is missing.
    """
    if isinstance(given, Dataset):
        _refuse_hidden(given)
        return given
    described = isinstance(getattr(given, "info", None), DataInfo)
    if not described and (not hasattr(given, "take") or hasattr(given, "__getitem__")):
        return None
    if isinstance(given, type):
        raise ValueError(
            f"{given.__name__} is a class; give an object of it, {given.__name__}(...)"
        )
    missing = [name for name in NEEDED if not hasattr(given, name)]
    if missing:
        raise ValueError(
            f"the data set given, {kind(given)}, has no {missing[0]}; it takes "
            f"{', '.join(NEEDED)}: see unweave.data.base.Dataset, which has all else"
        )
    return Adopted(given)


def _refuse_hidden(given: Dataset) -> None:
    """ValueError if an attribute of a data set has the name of a method that others call."""
    for name, method in vars(Dataset).items():
        if inspect.isfunction(method) and not callable(getattr(given, name)):
            raise ValueError(
                f"the data set given, {kind(given)}, sets {name}, which is a method of "
                "unweave.data.base.Dataset: give it another name"
            )


class Adopted(Dataset):
    """Data set around an object with name, rows and length; other attributes are copied.

    A table of factors may be `labels` with `factor_names`, `factor_sizes`, `factor_kinds` and
    `factor_values`, and a grid `factors`, as of `ImageData` and `FactorImages`. Classes without
    names are called by their numbers.
    """

    def __init__(self, given: Any) -> None:
        self.given = given
        space = getattr(given, "factors", None)
        if isinstance(space, FactorSpace):
            self.grid = space
        for name in SETTABLE:
            if hasattr(given, name):
                setattr(self, name, getattr(given, name))
        # facts and labels by the names of other data sets of ours
        facts = getattr(given, "info", None)
        if isinstance(facts, DataInfo):
            self.info = facts
        if self.grid is None and self.table is None:
            self.table = _table(given)
        for name in ("y", "groups", "pairs"):
            column = getattr(self, name)
            if column is not None:
                setattr(self, name, np.asarray(column).astype(np.int64))
        if self.y is not None and not self.class_names:
            self.class_names = tuple(map(str, range(int(self.y.max()) + 1)))

    def __len__(self) -> int:
        return len(self.given)

    def take(self, rows: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W), uint8, or vectors (n, F), float32, of the rows (n,)."""
        return self.given.take(np.asarray(rows))


def _table(given: Any) -> FactorTable | None:
    """The table of an object's labels; names and sizes from its `info` if it has none itself."""
    labels = getattr(given, "labels", None)
    if labels is None:
        return None
    info = getattr(given, "info", DataInfo(0, ()))
    names = getattr(given, "factor_names", getattr(info, "factor_names", ()))
    sizes = getattr(given, "factor_sizes", getattr(info, "factor_sizes", ()))
    kinds = getattr(given, "factor_kinds", None)
    values = getattr(given, "factor_values", ())
    return FactorTable(labels, names, sizes, kinds, values)
