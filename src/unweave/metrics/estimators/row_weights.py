"""Optional weights of rows: those of a selection of rows, and ones in place of none."""

from __future__ import annotations

from typing import Any

import numpy as np


def weights_of(weights: np.ndarray | None, rows: Any) -> np.ndarray | None:
    """Weights of some rows, given by mask, indices or slice; None if the rows have no weights."""
    if weights is None:
        return None
    return weights[rows]


def or_ones(weights: np.ndarray | None, n: int) -> np.ndarray:
    """Weights (n,) as they are, or n ones if the rows have none.

    >>> print(or_ones(None, 2))
    [1. 1.]
    """
    if weights is None:
        return np.ones(n)
    return weights
