"""Random numbers as a function of the row, so that an image is the same whenever it is rendered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave.seeds import fold

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def bits(seed: int, what: str, rows: NDArray[np.int64], count: int) -> NDArray[np.uint64]:
    """`count` words of 64 random bits (n, count) of each row (n,), independent by seed and `what`.

    The generator is SplitMix64 (Steele, Lea, Flood 2014), started at a hash of (seed, what) and the
    row.
    """
    start = _start(seed, what, rows)  # (n,)
    return _mix(start[:, None] + GOLDEN * np.arange(1, count + 1, dtype=np.uint64))


def uniform(seed: int, what: str, rows: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    """Numbers (n, count), uniform in [0, 1)."""
    high = bits(seed, what, rows, count) >> np.uint64(40)  # 24 bits, which float32 has exactly
    return high.astype(np.float32) * np.float32(2**-24)


def greys(seed: int, what: str, rows: NDArray[np.int64], count: int) -> NDArray[np.uint8]:
    """Grey levels (n, count), uniform over 0 to 255."""
    words = bits(seed, what, rows, -(-count // 8))  # 8 levels in a word, rounded up
    return words.astype("<u8", copy=False).view(np.uint8)[:, :count]


def _start(seed: int, what: str, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    return _mix(rows.astype(np.uint64) * GOLDEN + np.uint64(fold(seed, what)))


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's scrambling of each word, in place."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        z ^= z >> np.uint64(shift)
        z *= np.uint64(factor)
    return z
