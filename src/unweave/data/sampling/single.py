"""Batches of single rows, and the result type of every draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.subsets import every_row
from unweave.seeds import fold

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """Rows (B,) or (B, M) of a batch.

    changed (B, K): which factors differ within a pair. y: classes, if not the data's.
    """

    rows: Rows
    changed: NDArray[np.bool_] | None = None
    y: Rows | None = None


Draw = Callable[[np.random.Generator, int], Drawn]


def images(data: Dataset, batch_size: int, seed: int, *, replacement: bool = True) -> Draw:
    """Single rows: independent, or a new shuffle of all rows for each epoch."""
    n = len(data)
    if replacement:
        return lambda rng, step: Drawn(rng.integers(n, size=batch_size))
    # cache of the last two epochs; a function of (seed, epoch) alone
    shuffled: dict[int, Rows] = {}

    def epoch(number: int) -> Rows:
        if number not in shuffled:
            for old in sorted(shuffled)[:-1]:
                del shuffled[old]
            rng = np.random.default_rng(fold(seed, "epoch", number))
            shuffled[number] = rng.permutation(every_row(data))  # (N,)
        return shuffled[number]

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        # rows first to last of one endless list, in which epoch e has the places from e * n on
        first = step * batch_size
        last = first + batch_size
        epochs = range(first // n, (last - 1) // n + 1)
        parts = [epoch(e)[max(first - e * n, 0) : last - e * n] for e in epochs]
        return Drawn(np.concatenate(parts))

    return draw
