"""Check of an array as the rows of a data set: images uint8 (N, C, H, W), or vectors (N, F)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rows_of(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Images, uint8 (N, C, H, W), unchanged, or vectors (N, F) as float32. ValueError for all else,
    and no rows.
    """
    if array.ndim == 2 and len(array):
        return np.asarray(array, dtype=np.float32)
    if array.ndim == 4 and array.dtype != np.uint8:
        raise ValueError(f"images are uint8, 0 to 255; found {array.dtype} of shape {array.shape}")
    if array.ndim != 4 or array.dtype != np.uint8 or not len(array):
        found = f"{array.dtype} of shape {array.shape}"
        raise ValueError(f"expected images, uint8 (N, C, H, W), or vectors (N, F), with N at least 1; found {found}")
    return array
