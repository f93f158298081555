"""Labels of metrics of posteriors: whether there are any, how they are estimated, and their parts
of a score.
"""

from __future__ import annotations

import numpy as np

from unweave.metrics.estimators.posteriors import RowsUsed
from unweave.metrics.tables.table import Table


def no_labels(table: Table) -> str:
    """Why a metric of labels is undefined without factors, or ''."""
    if table.varying:
        return ""
    return "needs labels: give factors (N, K) beside the codes"


def how(table: Table, rows: RowsUsed) -> str:
    """The estimator in words."""
    which = "all images there are"
    if rows == "sample":
        which = "the other rows, a lower bound"
    return f"posteriors of {which}; samples drawn by seed {table.seed}"


def placed(table: Table, chosen: tuple[int, ...] | None, part: np.ndarray) -> np.ndarray:
    """A part of the chosen factors as one of all that vary, NaN where not chosen."""
    if chosen is None:
        return part
    full = np.full(len(table.varying), np.nan)
    full[[table.varying.index(k) for k in chosen]] = part
    return full
