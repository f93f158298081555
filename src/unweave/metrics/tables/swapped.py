"""Codes and factors in the wrong order: the codes look like labels, and the factors like codes."""

from __future__ import annotations

import numpy as np

from unweave.metrics.tables.kinds import REPEATS
from unweave.metrics.tables.table import Table

SWAPPED = (
    "codes and factors may be exchanged: every code takes few values, as a label does, and every "
    "factor many, as a code does; give (codes, factors), or declare the factors continuous"
)


def look_swapped(table: Table, declared: bool = False) -> bool:
    """Whether each code has the values of a label, and each factor those of a code.

    Not where a factor has few values too, since codes may be binary or indices. declared: whether
    the kinds of the factors were given; a factor that is declared continuous is one.
    """
    kinds = set(table.kinds)
    continuous = "continuous" in kinds
    if not table.latents or not table.varying:
        return False
    if declared and continuous:
        return False
    if not declared and kinds != {"continuous"}:
        return False
    as_codes = all(
        _distinct(column) > table.n / 2 or (continuous and _has_fractions(column))
        for column in table.factors.T
    )
    return as_codes and all(REPEATS * _distinct(column) <= table.n for column in table.codes.T)


def _distinct(column: np.ndarray) -> int:
    """How many different values a column (N,) has; each unknown one counts as another."""
    return len(np.unique(column, equal_nan=False))


def _has_fractions(column: np.ndarray) -> bool:
    """Whether a column (N,) has fractions, as codes have also where they were written with few digits."""
    known = column[~np.isnan(column)]
    return bool((known % 1 != 0).any())
