"""Pairs of rows that differ in one factor and agree in all others, for the effect of that factor
alone on a code.

From a data set's complete grid they are interventions. From a sample of rows they are those pairs
that happen to be in it, which are few if there are many factors of many values, and none if a
factor is continuous.
"""

from __future__ import annotations

import numpy as np

from unweave.metrics.tables.kinds import factor_levels
from unweave.metrics.tables.table import Table
from unweave.seeds import fold

FEWEST = 10


def pairs(table: Table) -> list[np.ndarray]:
    """For each factor, row numbers (P, 2) of pairs that differ in that factor only; rows with
    unknown factors are left out.
    """
    if "one factor" not in table.cache:
        v = factor_levels(table)
        known = np.flatnonzero((v >= 0).all(1))
        rng = np.random.default_rng(fold(table.seed, "pairs that differ in one factor"))
        rows = rng.permutation(known)  # or neighbours in the given order would be paired
        table.cache["one factor"] = [_pairs(v[rows], rows, k) for k in range(v.shape[1])]
    return table.cache["one factor"]


def _pairs(v: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """Neighbours in the order of all factors but k, if they agree in those and differ in k."""
    others = np.zeros(len(v), np.int64)
    # one number for each combination of the other factors, renumbered so that it stays small
    for column in np.delete(v, k, 1).T:
        others = np.unique(others * (column.max(initial=0) + 1) + column, return_inverse=True)[1]
    # neighbours in the order of these numbers
    order = np.argsort(others, kind="stable")
    first = order[:-1]
    second = order[1:]
    apart = (others[first] == others[second]) & (v[first, k] != v[second, k])
    return np.stack([rows[first[apart]], rows[second[apart]]], 1)


def pair_weights(table: Table, rows: np.ndarray) -> np.ndarray | None:
    """What pairs of rows (P, 2) weigh, (P,): the product of the weights of their rows; None without
    weights.
    """
    if table.weights is None:
        return None
    return table.weights[rows].prod(1)


def enough(table: Table) -> tuple[list[int], str]:
    """Which factors have at least 10 pairs, and a note on the others, or ''."""
    counts = [len(p) for p in pairs(table)]
    has = [k for k, count in enumerate(counts) if count >= FEWEST]
    names = ", ".join(str(table.varying[k]) for k, count in enumerate(counts) if count < FEWEST)
    if not names:
        return has, ""
    few = f"fewer than {FEWEST} pairs of rows differ in one of the factors {names} only"
    return has, f"{few}; give a complete grid of factors"
