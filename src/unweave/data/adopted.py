"""Data sets of other classes, as the user's own, made a `Dataset`. The one place that asks an object what it has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.factor_table import FactorTable
from unweave.data.factors import FactorSpace, Rows
from unweave.types import DataInfo

NEEDED = ("name", "take", "__len__")
SETTABLE = [  # what an object may bring along: all but properties, and what a `Dataset` keeps for itself
    name
    for name, default in vars(Dataset).items()
    if not (name.startswith("_") or isinstance(default, property) or name in ("take", "info", "base", "base_rows"))
]


def adopt(given: Any) -> Dataset | None:
    """A data set as it is, or an object that behaves as one; None for anything else, such as an array.

    Other libraries' data sets have a `take` and an `info` too: ours has facts of `DataInfo`, or is not indexed.
    ValueError that names what an object lacks.
    """
    if isinstance(given, Dataset):
        return given
    described = isinstance(getattr(given, "info", None), DataInfo)
    if not described and (not hasattr(given, "take") or hasattr(given, "__getitem__")):
        return None
    if missing := [name for name in NEEDED if not hasattr(given, name)]:
        raise ValueError(
            f"the data set given, a {type(given).__name__}, has no {missing[0]}; it takes {', '.join(NEEDED)}: see "
            "unweave.data.base.Dataset, which has all else"
        )
    return Adopted(given)


class Adopted(Dataset):
    """A data set through an object that has a name, rows and a length, and of the rest of a `Dataset` what it has.

    A table of factors may be `labels` with `factor_names`, `factor_sizes`, `factor_kinds` and `factor_values`, and a grid
    `factors`, as of `ImageData` and `FactorImages`. Classes without names are called by their numbers.
    """

    def __init__(self, given: Any) -> None:
        self.given = given
        self.grid = space if isinstance(space := getattr(given, "factors", None), FactorSpace) else None
        for name in SETTABLE:
            if hasattr(given, name):
                setattr(self, name, getattr(given, name))
        if isinstance(facts := getattr(given, "info", None), DataInfo):
            self.info = facts
        if self.grid is None and self.table is None:
            self.table = _table(given)
        for name in ("y", "groups", "pairs"):
            if (column := getattr(self, name)) is not None:
                setattr(self, name, np.asarray(column).astype(np.int64))
        if self.y is not None and not self.class_names:
            self.class_names = tuple(map(str, range(int(self.y.max()) + 1)))

    def __len__(self) -> int:
        return len(self.given)

    def take(self, rows: Rows) -> NDArray[np.generic]:
        """The images (n, C, H, W), uint8, or vectors (n, F), float32, of the rows (n,)."""
        return self.given.take(np.asarray(rows))


def _table(given: Any) -> FactorTable | None:
    """The table of an object's labels; names and sizes as its `info` has them where it has none itself."""
    labels = getattr(given, "labels", None)
    if labels is None:
        return None
    info = getattr(given, "info", DataInfo(0, ()))
    names, sizes = (
        getattr(given, f"factor_{what}", getattr(info, f"factor_{what}", ())) for what in ("names", "sizes")
    )
    return FactorTable(labels, names, sizes, getattr(given, "factor_kinds", None), getattr(given, "factor_values", ()))
