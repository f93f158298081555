"""Whole numbers beyond 2^53, which floats cannot tell apart: they are replaced by their ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LARGEST = 1 << 53  # whole numbers up to here are floats exactly


def whole(cells: Sequence[str], known: Sequence[int]) -> NDArray[np.float64]:
    """Whole numbers of any length as floats (N,), NaN except at the places `known`.

    Numbers beyond 2^53, which floats cannot tell apart, are replaced by their ranks.
    """
    found = np.full(len(cells), np.nan)
    given = [int(cells[i]) for i in known]
    if max(map(abs, given), default=0) > LARGEST:
        rank = {value: place for place, value in enumerate(sorted(set(given)))}
        given = [rank[value] for value in given]
    found[list(known)] = given
    return found


def exact(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Numbers (N,) or (N, K) that floats can tell apart: ranks for whole numbers beyond 2^53."""
    if array.dtype.kind not in "iu" or not array.size or not _is_large(array):
        return array
    columns = []
    for column in array.reshape(len(array), -1).T:  # (N,) each
        if _is_large(column):
            column = np.unique(column, return_inverse=True)[1]
        columns.append(column)
    return np.stack(columns, axis=1).reshape(array.shape).astype(np.float64)


def _is_large(array: NDArray[np.generic]) -> bool:
    """Whether whole numbers reach beyond 2^53, where floats no longer tell neighbours apart."""
    return max(-int(array.min()), int(array.max())) > LARGEST
