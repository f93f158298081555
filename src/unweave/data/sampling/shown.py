"""Rejection sampling of factor tuples: drawn again until the data set has all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unweave.data.base import Dataset
from unweave.data.sampling.single import Rows

ROUNDS = 1000  # of proposals, before the sampling fails


def possible(
    data: Dataset, propose: Callable[..., Rows], rng: np.random.Generator, n: int
) -> tuple[Rows, Rows]:
    """Proposed factor tuples (n, M, K) and rows (n, M), drawn again until the data set has all.

    propose: from (rng, n) to tuples (n, M, K). ValueError if some are still missing after ROUNDS
    rounds.
    """
    v = propose(rng, n)
    rows = rows_of(data, v)
    for _ in range(ROUNDS):
        missing = (rows < 0).any(1)
        if not missing.any():
            return v, rows
        v[missing] = propose(rng, int(missing.sum()))
        rows[missing] = rows_of(data, v[missing])
    raise ValueError(
        f"{data.name} ({data.about}) lacks the combinations of factors that such a batch is made of"
    )


def rows_of(data: Dataset, v: Rows) -> Rows:
    """Rows (...) of the factor tuples (..., K); -1 for those that a view lacks."""
    return data.find(v.reshape(-1, v.shape[-1])).reshape(v.shape[:-1])
