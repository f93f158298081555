"""A factor made the class of a data set, of a grid or of a table of labels, for methods that train on classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.subsets import every_row
from unweave.data.view import View
from unweave.settings import nearest

MOST = 10_000  # classes; a measurement has as many values as rows


def with_classes(data: Dataset, factor: int | str) -> View:
    """The same rows with the values of one factor, by name or number, as their classes, in rising order.

    ValueError where there is no such factor, where a row lacks it, or where it is a measurement and not one of few values.
    """
    k = _number(data, factor)
    rows = every_row(data)
    name = data.factor_names[k]
    y, values = _classes(data, k, rows)
    names = tuple(f"{name} {value}" for value in values)
    return View(data, rows, f"classes are the values of {name}; {data.about}", y, names)


def _classes(data: Dataset, k: int, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """The class (N,) of each row, and what each class is."""
    observed = data.observed_factors(rows)[:, k]
    if data.grid is not None:
        return observed.astype(np.int64), [str(value) for value in data.grid.values[k]]
    assert data.table is not None  # factors that are named stand on a grid or in a table
    meanings = data.table.values[k]
    name = data.factor_names[k]
    if missing := int(np.isnan(observed).sum()):
        raise ValueError(f"{missing} rows of {data.name} have no {name}, so that their class is not known")
    values, y = np.unique(observed, return_inverse=True)
    if data.factor_kinds[k] == "continuous" or len(values) > min(MOST, max(1, len(rows) // 2)):
        raise ValueError(f"{name} of {data.name} takes {len(values)} values in {len(rows)} rows: it is no class")
    return y.astype(np.int64), [str(meanings[int(value)]) if len(meanings) else f"{value:g}" for value in values]


def _number(data: Dataset, factor: int | str) -> int:
    names = data.factor_names
    if isinstance(factor, str) and factor in names:
        return names.index(factor)
    if isinstance(factor, int) and 0 <= factor < len(names):
        return factor
    hint = nearest(str(factor), names) if names else "its factors are not known"
    raise ValueError(f"{data.name} has no factor {factor!r}; {hint}")
