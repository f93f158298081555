"""Classes made of a factor, of a grid or a table of labels, for methods that train on classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.subsets import every_row
from unweave.data.view import View
from unweave.settings import nearest

MOST = 10_000  # classes; a measurement has as many values as rows


def with_classes(data: Dataset, factor: int | str) -> View:
    """The same rows, with the values of a factor, by name or number, as classes in rising order.

    ValueError if there is no such factor, if a row lacks it, or if it is a measurement.
    """
    k = factor_number(data, factor)
    rows = every_row(data)
    name = data.factor_names[k]
    y, values = _classes(data, k, rows)
    names = tuple(f"{name} {value}" for value in values)
    return View(data, rows, f"classes are the values of {name}; {data.about}", y, names)


def _classes(data: Dataset, k: int, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """The class (N,) of each row, and what each class is."""
    observed = data.observed_factors(rows)[:, k]  # (N,)
    if data.grid is not None:
        return observed.astype(np.int64), [str(value) for value in data.grid.values[k]]
    assert data.table is not None  # factors that are named stand on a grid or in a table
    meanings = data.table.values[k]
    name = data.factor_names[k]
    missing = int(np.isnan(observed).sum())
    if missing:
        raise ValueError(
            f"{missing} rows of {data.name} have no {name}, so that their class is not known"
        )
    # values (C,): the different labels in rising order; y (N,): the place of each row's label there
    values, y = np.unique(observed, return_inverse=True)
    most = min(MOST, max(1, len(rows) // 2))
    if data.factor_kinds[k] == "continuous" or len(values) > most:
        raise ValueError(
            f"{name} of {data.name} takes {len(values)} values in {len(rows)} rows: it is no class"
        )
    if len(meanings):
        return y.astype(np.int64), [str(meanings[int(value)]) for value in values]
    return y.astype(np.int64), [f"{value:g}" for value in values]


def factor_number(data: Dataset, factor: int | str) -> int:
    """The number of a factor, by name or number. ValueError if there is none."""
    names = data.factor_names
    if isinstance(factor, str) and factor in names:
        return names.index(factor)
    if isinstance(factor, int) and 0 <= factor < len(names):
        return factor
    hint = "its factors are not known"
    if names:
        hint = nearest(str(factor), names)
    raise ValueError(f"{data.name} has no factor {factor!r}; {hint}")
