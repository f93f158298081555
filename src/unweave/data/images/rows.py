"""Rows of a data set in an array, images (N, C, H, W) or vectors (N, F): check, take rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.ones import ones_to_white
from unweave.data.factors import Rows


def rows_of(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Images, uint8 (N, C, H, W), as they are, or vectors (N, F) as float32.

    ValueError for all else, and for no rows.
    """
    if array.ndim == 2 and len(array):
        return np.asarray(array, dtype=np.float32)
    if array.ndim == 4 and array.dtype != np.uint8:
        raise ValueError(f"images are uint8, 0 to 255; found {array.dtype} of shape {array.shape}")
    if array.ndim != 4 or array.dtype != np.uint8 or not len(array):
        found = f"{array.dtype} of shape {array.shape}"
        raise ValueError(
            "expected images, uint8 (N, C, H, W), or vectors (N, F), with N at least 1; "
            f"found {found}"
        )
    return array


def taken(array: NDArray[np.generic], rows: Rows, ones_are_white: bool) -> NDArray[np.generic]:
    """The rows (n,) of an array, the caller's own; 0 and 255 for 0 and 1 where ones are white."""
    found = np.ascontiguousarray(array[np.asarray(rows)])
    if ones_are_white:
        return ones_to_white(found.view(np.uint8))
    return found
