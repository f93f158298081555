"""Codes and factors in the wrong order: the codes look like labels, and the factors like codes."""

from __future__ import annotations

import numpy as np

from unweave.metrics.tables.kinds import REPEATS
from unweave.metrics.tables.table import Table

SWAPPED = (
    "codes and factors may be exchanged: every code takes few values, as a label does, and every "
    "factor has another value in nearly each row, as a code has; give (codes, factors), or declare "
    "the factors continuous"
)


def look_swapped(table: Table) -> bool:
    """Whether each code has the values of a label, and each factor those of a code.

    Not where a factor has few values too, since codes may be binary or indices. A factor that is
    declared continuous is one: do not look then.
    """
    if not table.latents or not table.varying or set(table.kinds) != {"continuous"}:
        return False
    if any(_distinct(column) <= table.n / 2 for column in table.factors.T):
        return False
    return all(REPEATS * _distinct(column) <= table.n for column in table.codes.T)


def _distinct(column: np.ndarray) -> int:
    """How many different values a column (N,) has; each unknown one counts as another."""
    return len(np.unique(column, equal_nan=False))
