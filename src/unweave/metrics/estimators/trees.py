"""Regression trees of depth 3 by exact search, many trees over the same rows at once, for
`boosting.py`.

SortedColumns are sorted once (`sorted_columns.py`); `cuts.py` finds the best cut of every node of a
level.

Residuals and weights come as multiples of a power of two (see `dyadic`), so all sums are exact:
their order does not matter, a right child is parent minus left child, and equal gains are equal
numbers.

Letters: N rows, D columns, J blocks per column, T trees. The children of node h of a level with n
nodes are h (left) and h + n (right), and row h of arrays (nodes, T) refers to node h of each tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from unweave.metrics.estimators.cuts import Cuts, Level, Ties, best_cuts
from unweave.metrics.estimators.sorted_columns import Floats, Ints, SortedColumns

DEPTH = 3
# one residual of so many is positive, or more: cheaper to sum with all others than by itself
CROWDED = 16


def dyadic(x: Floats, total: float) -> Floats:
    """`x` rounded to multiples of a power of two fine enough (4e-12 for 10,000 rows) and coarse
    enough that sums of magnitudes up to `total` are exact in float64.
    """
    unit = 2.0 ** (np.ceil(np.log2(total)) - 51)
    return np.rint(x / unit) * unit


class Trees(NamedTuple):
    """T trees: column, threshold and gain (T, 7) of each cut, level by level; leaf of each row,
    (T, N).

    A row goes right where its code exceeds the threshold, which is infinite where a node stays
    whole; its gain is NaN then.
    """

    column: Ints
    threshold: Floats
    gain: Floats
    leaf: Ints

    def some(self, trees: slice) -> Trees:
        """Some of the trees."""
        return Trees(self.column[trees], self.threshold[trees], self.gain[trees], self.leaf[trees])


def grow(
    columns: SortedColumns,
    residual: Floats,
    weight: Floats,
    positive: tuple[Ints, Ints],
    ties: Sequence[Ties],
) -> Trees:
    """Grow T trees of depth 3 on residuals (T, N), already multiplied by the weights (N,); both
    `dyadic`.

    positive: (trees, rows) of all residuals that may exceed 0. ties: draw which of equally good
        columns is cut, each for so many of the trees.
    """
    node = np.zeros(residual.shape, np.int8)  # (T, N): node of each row at this level
    crowded = len(positive[0]) * CROWDED > residual.size
    # what is summed: residuals, weights and, if many are positive, the positive residuals
    kinds = [residual, np.broadcast_to(weight, residual.shape)]
    if crowded:
        kinds.append(np.maximum(residual, 0))
    by_row = np.stack(kinds).transpose(2, 0, 1).copy()  # (N, kinds, T)
    parents = None
    found = []
    for depth in range(DEPTH):
        # sums of the left children are counted, those of the right children are parent minus left
        sums = _block_sums(columns, by_row, node, max(1, 2**depth // 2))
        if parents is not None:
            sums = np.concatenate([sums, parents - sums], axis=-1)  # (kinds, D, J, nodes * T)
        parents = sums
        rises = sums[2] if crowded else _rises(columns, residual, node, 2**depth, positive)
        level = Level(columns, residual, weight, node, _up_to_edges(sums[:2]), rises)
        cuts = best_cuts(level, ties)
        found.append((cuts.column, _split(columns, weight, node, cuts), cuts.gain))
    # (nodes, T) of each level -> (T, 7)
    column, threshold, gain = (np.concatenate(levels).T for levels in zip(*found, strict=True))
    return Trees(column, threshold, gain, node)


def _block_sums(columns: SortedColumns, by_row: Floats, node: Ints, nodes: int) -> Floats:
    """Sums over the rows of the first `nodes` nodes in each block: (kinds, D, J, nodes * T).

    by_row: what is summed (N, kinds, T). One node at a time, so that what is multiplied stays small
        and contiguous.
    """
    d, j = columns.edge.shape
    n, kinds, trees = by_row.shape
    sums = np.empty((kinds, d, j, nodes * trees))
    node = np.ascontiguousarray(node.T)
    for h in range(nodes):
        values = by_row * (node == h)[:, None]  # (N, kinds, T): 0 outside node h
        # (D * J, N) @ (N, kinds * T): the rows of each block are summed
        blocks = (columns.member @ values.reshape(n, -1)).reshape(d, j, kinds, trees)
        sums[..., h * trees : (h + 1) * trees] = blocks.transpose(2, 0, 1, 3)
    return sums


def _up_to_edges(blocks: Floats) -> Floats:
    """Sums up to each block's end (kinds, D, J + 1, Q), from sums of blocks (kinds, D, J, Q)."""
    kinds, d, j, q = blocks.shape
    sums = np.zeros((kinds, d, j + 1, q))
    blocks.cumsum(2, out=sums[:, :, 1:])
    return sums


def _rises(
    columns: SortedColumns, residual: Floats, node: Ints, nodes: int, positive: tuple[Ints, Ints]
) -> Floats:
    """Sums of the positive residuals in each block, (D, J, nodes * T), where few are positive: each
    row has one of many classes.
    """
    d, j = columns.edge.shape
    trees, rows = positive
    width = nodes * len(residual)
    # (D, P): one number for each block, node and tree of the P positive residuals
    of_node = node[positive].astype(np.int64) * len(residual) + trees
    at = columns.block[:, rows].astype(np.int64) * width + of_node
    values = np.broadcast_to(residual[positive], at.shape)
    rises = np.bincount(at.ravel(), values.ravel(), minlength=d * j * width)
    return rises.astype(np.float64, copy=False).reshape(d, j, width)


def _split(columns: SortedColumns, weight: Floats, node: Ints, cuts: Cuts) -> Floats:
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
        # (T,): the highest rank below the cut and the lowest above it, of the rows that count;
        # products, because np.where is ten times slower here
        low = ((ranks + 1) * (inside & ~above)).max(1) - 1
        high = n - ((n - ranks) * (inside & above)).max(1)
        # the threshold lies halfway between their values; halved first, so that nothing overflows
        cuts_here = np.flatnonzero(high < n)
        f = column[cuts_here]
        below_cut = columns.distinct[f, low[cuts_here]]
        above_cut = columns.distinct[f, high[cuts_here]]
        thresholds[h, cuts_here] = below_cut / 2 + above_cut / 2
    # the right child of node h is h + nodes
    node += (right * len(thresholds)).astype(node.dtype)
    return thresholds
