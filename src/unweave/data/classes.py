"""A factor made the class of a data set, a grid or a table of labels, for methods that train on classes."""

from __future__ import annotations

import numpy as np

from unweave.data.images import FactorImages, ImageData
from unweave.data.subsets import Data, ImageRows, every_row, with_classes
from unweave.settings import nearest

MOST = 10_000  # classes; a measurement has as many values as rows


def classes_of_factor(data: Data, factor: int | str) -> Data:
    """The same rows with the values of one factor, by name or number, as their classes, in rising order.

    ValueError where there is no such factor, where a row lacks it, or where it is a measurement and not one of few values.
    """
    if isinstance(data, FactorImages):
        return with_classes(data, factor)
    k = _number(data, factor)
    name = data.factor_names[k]
    assert data.labels is not None
    labels = data.labels[:, k]
    if missing := int(np.isnan(labels).sum()):
        raise ValueError(f"{missing} rows of {data.name} have no {name}, so that their class is not known")
    values, y = np.unique(labels, return_inverse=True)
    if data.factor_kinds[k] == "continuous" or len(values) > min(MOST, max(1, len(labels) // 2)):
        raise ValueError(f"{name} of {data.name} takes {len(values)} values in {len(labels)} rows: it is no class")
    meanings = data.factor_values[k]
    words = [meanings[int(value)] if len(meanings) else f"{value:g}" for value in values]
    names = tuple(f"{name} {word}" for word in words)
    rows = data.rows if isinstance(data, ImageRows) else every_row(data)
    of = data.of if isinstance(data, ImageRows) else data
    return ImageRows(of, rows, f"classes are the values of {name}; {data.about}", y.astype(np.int64), names)


def _number(data: ImageData, factor: int | str) -> int:
    names = data.factor_names if data.labels is not None else ()
    if isinstance(factor, str) and factor in names:
        return names.index(factor)
    if isinstance(factor, int) and 0 <= factor < len(names):
        return factor
    hint = nearest(str(factor), names) if names else "its factors are not known"
    raise ValueError(f"{data.name} has no factor {factor!r}; {hint}")
