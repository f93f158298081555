"""Regression trees of depth 3 by exact search, many trees over the same rows at once, for
`boosting.py`.

Columns are sorted once (`sorted_columns.py`); `cuts.py` finds the best cut of every node of a
level.

Residuals and weights come as multiples of a power of two (see `dyadic`), so all sums are exact:
their order does not matter, a right child is parent minus left child, and equal gains are equal
numbers.

Letters: N rows, D columns, J blocks per column, T trees. The children of node h of a level with n
nodes are h (left) and h + n (right), and row h of arrays (nodes, T) refers to node h of each tree.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from unweave.metrics.estimators.cuts import Cuts, Level, best_cuts
from unweave.metrics.estimators.sorted_columns import Columns, Floats, Ints

DEPTH = 3


def dyadic(x: Floats, total: float) -> Floats:
    """`x` rounded to multiples of a power of two fine enough (4e-12 for 10,000 rows) and coarse
    enough that sums of magnitudes up to `total` are exact in float64.
    """
    unit = 2.0 ** (np.ceil(np.log2(total)) - 51)
    return np.rint(x / unit) * unit


class Trees(NamedTuple):
    """T trees: column and threshold (T, 7), level by level; importance (D,), the gains of all; leaf
    (T, N) of each row.

    A row goes right where its code exceeds the threshold, which is infinite where a node stays
    whole.
    """

    column: Ints
    threshold: Floats
    importance: Floats
    leaf: Ints


def grow(
    columns: Columns,
    residual: Floats,
    weight: Floats,
    positive: tuple[Ints, Ints],
    ties: np.random.Generator,
) -> Trees:
    """Grow T trees of depth 3 on residuals (T, N), already multiplied by the weights (N,); both
    `dyadic`.

    positive: (trees, rows) of all residuals that may exceed 0. ties: draws which of equally good
        columns is cut.
    """
    node = np.zeros(residual.shape, np.int8)
    by_row = np.ascontiguousarray(residual.T)
    sums = None
    found = []
    importance = np.zeros(len(columns.rank))
    for depth in range(DEPTH):
        # sums of the left children are counted, those of the right children are parent minus left
        left = _edge_sums(columns, by_row, weight, node, max(1, 2**depth // 2))
        sums = left if sums is None else np.concatenate([left, sums - left], axis=-1)
        rises = _rises(columns, residual, node, 2**depth, positive)
        cuts = best_cuts(Level(columns, residual, weight, node, sums, rises), ties)
        np.add.at(importance, cuts.column, np.nan_to_num(cuts.gain))
        found.append((cuts.column, _split(columns, weight, node, cuts)))
    column, threshold = (np.concatenate(levels).T for levels in zip(*found, strict=True))
    return Trees(column, threshold, importance, node)


def _edge_sums(columns: Columns, by_row: Floats, weight: Floats, node: Ints, nodes: int) -> Floats:
    """Sums over the rows of the first `nodes` nodes, up to each block's end: (2, D, J + 1, nodes *
    T).

    by_row: the residuals (N, T). One node at a time, so that what is multiplied stays small and
        contiguous.
    """
    d, j = columns.edge.shape
    trees = by_row.shape[1]
    sums = np.zeros((2, d, j + 1, nodes * trees))
    node = np.ascontiguousarray(node.T)
    for h in range(nodes):
        inside = node == h
        for kind, values in enumerate((by_row * inside, weight[:, None] * inside)):
            blocks = (columns.member @ values).reshape(d, j, trees)
            blocks.cumsum(1, out=sums[kind, :, 1:, h * trees : (h + 1) * trees])
    return sums


def _rises(columns: Columns, residual: Floats, node: Ints, nodes: int, positive: tuple[Ints, Ints]) -> Floats:
    """Sums of the positive residuals in each block: (D, J, nodes * T). Each row has few of them,
    whatever T.
    """
    d, j = columns.edge.shape
    trees, rows = positive
    width = nodes * len(residual)
    # (D, P): one number for each block, node and tree of the P positive residuals
    of_node = node[positive].astype(np.int64) * len(residual) + trees
    at = columns.block[:, rows].astype(np.int64) * width + of_node
    values = np.broadcast_to(residual[positive], at.shape)
    rises = np.bincount(at.ravel(), values.ravel(), minlength=d * j * width).astype(np.float64, copy=False)
    return rises.reshape(d, j, width)


def _split(columns: Columns, weight: Floats, node: Ints, cuts: Cuts) -> Floats:
    """Send the rows of `node` (T, N), in place, to the children; return thresholds (nodes, T)
    halfway between rows.
    """
    n = len(weight)
    thresholds = np.full(cuts.gain.shape, np.inf)
    right = np.zeros(node.shape, bool)
    for h, (column, cut, gain) in enumerate(zip(*cuts, strict=True)):
        cut = np.where(np.isnan(gain), n, cut)  # no row is above it where the node stays whole
        ranks = columns.rank[column]  # (T, N): in the column that each tree cuts
        inside = node == h
        above = inside & (ranks > cut[:, None])
        right |= above
        inside &= weight > 0
        # the highest rank below the cut and the lowest above; products, because np.where is ten times slower here
        low = ((ranks + 1) * (inside & ~above)).max(1) - 1
        high = n - ((n - ranks) * (inside & above)).max(1)
        cuts_here = np.flatnonzero(high < n)
        f = column[cuts_here]
        below_cut = columns.distinct[f, low[cuts_here]]
        above_cut = columns.distinct[f, high[cuts_here]]
        thresholds[h, cuts_here] = below_cut / 2 + above_cut / 2
    node += (right * len(thresholds)).astype(node.dtype)
    return thresholds
