"""Conversion of a user's array to numbers: missing entries become NaN or are refused, and no two
values merge.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from unweave.tensors import plain
from unweave.text import number

# types of what stands for nothing in arrays of objects, pandas' too
MISSING = ("NoneType", "NAType", "NaTType")
EXACT = 2**53  # whole numbers up to here are themselves in float64


def unmasked(array: Any, name: str) -> np.ndarray:
    """An array in which every entry counts; ValueError if some are masked. Objects that are all
    numbers are float64.
    """
    array = plain(array)
    if np.ma.is_masked(array):
        raise ValueError(
            f"{name} hold {np.ma.count_masked(array)} masked entries; leave out those rows"
        )
    a = _array(array, name)
    if a.dtype == object and a.ndim:
        return _floats(a, name)
    return a


def with_gaps(array: Any, name: str) -> np.ndarray:
    """Columns (N, K) as float64, NaN where an entry is masked, None or pandas' NA; (N,) is one
    column.

    ValueError for text, which has to be numbered first, and for whole numbers that float64 cannot
    tell apart.
    """
    array = plain(array)
    v = _array(array, name)
    if v.ndim == 1 and v.size:
        v = v[:, None]
    if v.ndim != 2 or 0 in v.shape:
        raise ValueError(
            f"{name} have shape {v.shape}; expected (N, K), one column for each factor"
        )
    numbers = _floats(v, name)
    if isinstance(array, np.ma.MaskedArray):
        numbers[np.ma.getmaskarray(array).reshape(v.shape)] = np.nan
    for k in range(v.shape[1]):
        _refuse_merged(v[:, k], numbers[:, k], f"{name} hold", k)
    return numbers


def _array(given: Any, name: str) -> np.ndarray:
    """What was given as one array; ValueError if its rows differ in length."""
    try:
        return np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{name} are no array: {str(error).splitlines()[0]}") from error


def _floats(a: np.ndarray, name: str) -> np.ndarray:
    """Entries of any type as float64, NaN where one is missing; ValueError if one is no number."""
    if a.dtype.kind in "biuf":
        return a.astype(np.float64)
    if a.dtype.kind not in "OUS":
        raise ValueError(
            f"{name} hold {a.dtype} values that are not numbers; give indices or values (N, K)"
        )
    found = np.full(a.shape, np.nan)
    for place, value in np.ndenumerate(a):
        if type(value).__name__ in MISSING:
            continue
        if isinstance(value, (str, bytes)) and not _is_number(value):
            raise ValueError(
                f"{name} hold text in column {place[-1]} (such as {str(value)!r}); number its "
                "values first, for example with np.unique(column, return_inverse=True)[1]"
            )
        try:
            found[place] = float(value)
        except (TypeError, ValueError, OverflowError):
            kind = type(value).__name__
            raise ValueError(
                f"{name} hold a {kind} in column {place[-1]}, which is not a number"
            ) from None
    return found


def _is_number(text: str | bytes) -> bool:
    """Whether text is a number, as all entries are text where a table has one column of words."""
    if isinstance(text, bytes):
        text = text.decode("latin1")
    return number(text) is not None


def _refuse_merged(column: np.ndarray, numbers: np.ndarray, what: str, k: int) -> None:
    """ValueError if two different whole numbers of a column are the same in float64."""
    if column.dtype.kind in "bf" or not np.nanmax(np.abs(numbers), initial=0) >= EXACT:
        return
    known = column[~np.isnan(numbers)]
    if len(set(known.tolist())) > len(np.unique(numbers[~np.isnan(numbers)])):
        raise ValueError(
            f"{what} whole numbers in column {k} that are too large to be told apart (beyond "
            "2^53); number its values first, for example with np.unique(column, "
            "return_inverse=True)[1]"
        )
