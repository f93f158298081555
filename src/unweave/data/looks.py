"""Properties read off the rows of a data set: whether images are binary, the range of vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# rows that decide whether images are binary; all rows of a data set can be gigabytes on a disk
LOOKED_AT = 500
CHUNK = 4096  # rows that are taken at once
Take = Callable[[NDArray[np.int64]], NDArray[np.generic]]


def is_binary(images: NDArray[np.generic]) -> bool:
    """Whether every pixel is 0 or 255."""
    return bool(((images == 0) | (images == 255)).all())


def spread(n: int, most: int = LOOKED_AT) -> NDArray[np.int64]:
    """At most `most` (at least 2) of n rows, evenly spaced, with both ends; the same for each n.

    >>> spread(10, 4).tolist(), spread(2, 4).tolist()
    ([0, 3, 6, 9], [0, 1])
    """
    return np.unique([i * (n - 1) // (most - 1) for i in range(most)])


def span(array: NDArray[np.generic] | None, n: int, take: Take) -> tuple[float, float]:
    """The smallest and the largest entry of n vectors, in an array or taken one after the other."""
    if array is not None:
        return float(array.min()), float(array.max())
    chunks = [take(np.arange(start, min(start + CHUNK, n))) for start in range(0, n, CHUNK)]
    low = min(float(chunk.min()) for chunk in chunks)
    high = max(float(chunk.max()) for chunk in chunks)
    return low, high
