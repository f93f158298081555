"""Black and white of images of zeros and ones in a file, for the rows that are taken, uncopied."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.scale import Scale, to_bytes


def as_stored(images: NDArray[Any], scale: Scale) -> tuple[NDArray[np.uint8], bool]:
    """(images as bytes, whether their ones are white).

    Bytes of 0 and 1 in a mapped file, which may be gigabytes, stay there, and `ones_to_white` is
    applied to rows when they are taken. Those in memory become 0 and 255.
    """
    ones = scale.white == 1 and scale.floats is None
    if ones and images.dtype.itemsize == 1 and _is_mapped(images):
        return images.view(np.uint8), True
    return to_bytes(images, scale), False


def _is_mapped(array: NDArray[Any]) -> bool:
    """Whether an array, or what it is a view of, is a memory-mapped file."""
    found: Any = array
    while isinstance(found, np.ndarray):
        if isinstance(found, np.memmap):
            return True
        found = found.base
    return False


def ones_to_white(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """0 stays 0, all else becomes 255: a damaged bool may be another byte than 1."""
    return (rows != 0).view(np.uint8) * np.uint8(255)
