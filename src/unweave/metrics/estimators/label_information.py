"""What a metric of posteriors says of the labels it was asked about: whether there are any, which, and how."""

from __future__ import annotations

import numpy as np

from unweave.metrics.estimators.posteriors import Rows
from unweave.metrics.tables.table import Table


def no_labels(table: Table) -> str:
    """Why there are no labels to ask about, or ''."""
    return "" if table.varying else "needs labels: give factors (N, K) beside the codes"


def how(table: Table, rows: Rows) -> str:
    """The estimator in words."""
    of = "the other rows, a lower bound" if rows == "sample" else "all images there are"
    return f"posteriors of {of}; samples drawn by seed {table.seed}"


def placed(table: Table, chosen: tuple[int, ...] | None, part: np.ndarray) -> np.ndarray:
    """A part of the chosen factors as one of all that vary, NaN where not chosen."""
    if chosen is None:
        return part
    full = np.full(len(table.varying), np.nan)
    full[[table.varying.index(k) for k in chosen]] = part
    return full
