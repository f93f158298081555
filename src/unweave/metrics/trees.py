"""Regression trees of depth 3 by exact search, many trees over the same rows at once: what `boosting.py` is made of.

Columns are sorted once. Each is cut into blocks of about 64 neighbouring rows, and for every node the sums of the
residuals up to each block's end give the gain of a cut there. Inside a block the running sum cannot rise by more than
the block's positive residuals nor fall by more than its negative ones. The gain is convex in (sum, count), so its
largest value over that box lies in a corner: a bound, and only blocks whose bound reaches the best gain known are
searched row by row. The result is that of searching every cut.

Residuals and weights come as multiples of a power of two (see `dyadic`), so all sums are exact: their order does not
matter, a right child is parent minus left child, and equal gains are equal numbers.

Letters: N rows, D columns, J blocks per column, L rows per block, T trees, Q = nodes * T. The children of node h of a
level with n nodes are h (left) and h + n (right), and row h of arrays (nodes, T) speaks of node h of each tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]

DEPTH = 3
BLOCK = 64  # fastest of 32 to 128 at 10,000 rows: smaller ones cost more bounds, larger ones more searching
PURE = float(np.finfo(np.float64).eps)  # a node whose residuals vary less than this stays a leaf (scikit-learn's rule)
SLACK = 1 + 1e-12  # the bounds are rounded; one that is a digit too low would lose a cut


def dyadic(x: Floats, total: float) -> Floats:
    """`x` rounded to multiples of a power of two fine enough (4e-12 for 10,000 rows) and coarse enough that sums of
    magnitudes up to `total` are exact in float64.
    """
    unit = 2.0 ** (np.ceil(np.log2(total)) - 51)
    return np.rint(x / unit) * unit


@dataclass(frozen=True, eq=False)
class Columns:
    """Codes sorted once. A rank numbers the distinct values of a column from 0; a cut at rank c sends ranks > c right.

    distinct: (D, N) distinct values of each column, ascending, as float64 of the float32 codes. rank: (D, N) of each row.
    block: (D, N) block of each row, counted through all columns. member: (D * J, N) sparse, which rows a block holds.
    edge: (D, J) largest rank up to the end of a block. rows, ranks: (D * J, L), padded with row N.
    inner: (D * J, L) whether one may cut after this row, inside the block.
    """

    distinct: Floats
    rank: Ints
    block: Ints
    member: csr_array
    edge: Ints
    rows: Ints
    ranks: Ints
    inner: Bools


def sort_columns(codes: NDArray[np.floating], block: int = BLOCK) -> Columns:
    """Sort and cut the columns of `codes` (N, D). Equal values never fall in two blocks; a long run of them is one."""
    x = np.ascontiguousarray(codes.T, dtype=np.float32)
    d, n = x.shape
    order = np.argsort(x, axis=1, kind="stable")
    x = np.take_along_axis(x, order, 1)
    new = np.ones((d, n), bool)
    new[:, 1:] = x[:, 1:] != x[:, :-1]
    sorted_rank = new.cumsum(1) - 1
    column = np.arange(d)[:, None]
    distinct = np.full((d, n), np.nan)
    distinct[np.broadcast_to(column, (d, n)), sorted_rank] = x

    ends = [_block_ends(is_new, block) for is_new in new]
    end = np.full((d, max(map(len, ends))), n)
    for row, found in zip(end, ends, strict=True):
        row[: len(found)] = found
    start = np.concatenate([np.zeros((d, 1), end.dtype), end[:, :-1]], 1)
    edge = sorted_rank[column, end - 1]
    several = (end > start) & (sorted_rank[column, np.minimum(start, n - 1)] < edge)
    longest = int((end - start)[several].max(initial=1))
    at = start[:, :, None] + np.arange(longest)
    within = at < end[:, :, None]
    at = np.minimum(at, n - 1)
    ranks = sorted_rank[column[:, :, None], at]
    flat = (end.size, longest)
    return Columns(
        distinct=distinct,
        rank=_unsort(sorted_rank, order),
        block=_unsort(np.repeat(np.arange(end.size), (end - start).ravel()).reshape(d, n), order),
        member=csr_array(
            (np.ones(d * n), order.ravel().astype(np.int32), np.append(0, column * n + end).astype(np.int32)),
            shape=(end.size, n),
        ),
        edge=edge,
        rows=np.where(within, order[column[:, :, None], at], n).reshape(flat).astype(np.int32),
        ranks=ranks.reshape(flat),
        inner=(within & (ranks < edge[:, :, None])).reshape(flat)
        & np.append(ranks[:, :, 1:] > ranks[:, :, :-1], np.zeros((*end.shape, 1), bool), axis=2).reshape(flat),
    )


def _block_ends(new: Bools, block: int) -> Ints:
    """Where the blocks of one sorted column end; `new` (N,) marks the first row of each distinct value."""
    start = np.flatnonzero(new)
    end = np.append(start[1:], len(new))
    at = (np.cumsum(new) - 1)[block : len(new) : block]
    long = end[at] - start[at] > block
    ends = np.unique(np.concatenate([end[at], start[at][long], [len(new)]]))
    return ends[ends > 0]


def _unsort(x: Ints, order: Ints) -> Ints:
    """(D, N) in sorted order -> in the order of the rows."""
    out = np.empty(x.shape, np.int32)
    np.put_along_axis(out, order, x.astype(np.int32), 1)
    return out


class Cuts(NamedTuple):
    """The best cut of each node, (nodes, T) each: its column, the rank it cuts at, and what it gains.

    A gain is the fall of the summed squared residual; NaN where the node stays whole.
    """

    column: Ints
    rank: Ints
    gain: Floats


class Trees(NamedTuple):
    """T trees: column and threshold (T, 7), level by level; importance (D,), the gains of all; leaf (T, N) of each row.

    A row goes right where its code exceeds the threshold, which is infinite where a node stays whole.
    """

    column: Ints
    threshold: Floats
    importance: Floats
    leaf: Ints


@dataclass(eq=False)
class _Level:
    """One level of T growing trees: the node (T, N) of each row and, at the blocks' edges, sums over a node's rows.

    sums: (2, D, J + 1, Q) of residuals, of weights. rises: (D, J, Q) of the positive residuals inside each block.
    """

    columns: Columns
    residual: Floats
    weight: Floats
    node: Ints
    sums: Floats
    rises: Floats

    @property
    def total(self) -> Floats:
        """(2, Q): residual and weight of each node."""
        return self.sums[:, 0, -1]


def grow(
    columns: Columns, residual: Floats, weight: Floats, positive: tuple[Ints, Ints], ties: np.random.Generator
) -> Trees:
    """Grow T trees of depth 3 on residuals (T, N), already multiplied by the weights (N,); both `dyadic`.

    positive: (trees, rows) of all residuals that may exceed 0. ties: draws which of equally good columns is cut.
    """
    node = np.zeros(residual.shape, np.int8)
    by_row = np.ascontiguousarray(residual.T)
    sums, found = None, []
    importance = np.zeros(len(columns.rank))
    for depth in range(DEPTH):
        left = _edge_sums(columns, by_row, weight, node, max(1, 2**depth // 2))
        sums = left if sums is None else np.concatenate([left, sums - left], axis=-1)
        rises = _rises(columns, residual, node, 2**depth, positive)
        cuts = _best_cuts(_Level(columns, residual, weight, node, sums, rises), ties)
        np.add.at(importance, cuts.column, np.nan_to_num(cuts.gain))
        found.append((cuts.column, _split(columns, weight, node, cuts)))
    column, threshold = (np.concatenate(levels).T for levels in zip(*found, strict=True))
    return Trees(column, threshold, importance, node)


def _edge_sums(columns: Columns, by_row: Floats, weight: Floats, node: Ints, nodes: int) -> Floats:
    """Sums over the rows of the first `nodes` nodes, up to each block's end: (2, D, J + 1, nodes * T).

    by_row: the residuals (N, T). One node at a time, so that what is multiplied stays small and contiguous.
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
    """Sums of the positive residuals in each block: (D, J, nodes * T). Each row has few of them, whatever T."""
    d, j = columns.edge.shape
    trees, rows = positive
    width = nodes * len(residual)
    at = columns.block[:, rows].astype(np.int64) * width + (node[positive].astype(np.int64) * len(residual) + trees)
    values = np.broadcast_to(residual[positive], at.shape)
    rises = np.bincount(at.ravel(), values.ravel(), minlength=d * j * width).astype(np.float64, copy=False)
    return rises.reshape(d, j, width)


def _best_cuts(level: _Level, ties: np.random.Generator) -> Cuts:
    """The best of all cuts of every node; among columns with equal gains one is drawn, as scikit-learn does."""
    d, j, q = level.rises.shape
    total, size = level.total
    c, n = level.sums[:, :, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        at_edges = _proxy(c, n, total, size)
        bounds = _bounds(level)
    known = at_edges.max((0, 1))
    likely = bounds.argmax(0)  # searching the likeliest block first raises what the others have to reach
    found, _ = _search(level, likely, np.arange(q))
    blocks, nodes = np.nonzero(bounds >= np.maximum(np.maximum(known, found), np.finfo(float).min))
    found, ranks = _search(level, blocks, nodes)

    place = at_edges.argmax(1)
    best = np.take_along_axis(at_edges, place[:, None], 1)[:, 0]
    cut = np.take_along_axis(level.columns.edge, place, 1)
    key = blocks // j * q + nodes
    order = np.lexsort((-ranks, found, key))
    winner = order[np.append(key[order][1:] != key[order][:-1], True)] if len(order) else order
    winner = winner[found[winner] > best.ravel()[key[winner]]]
    best.ravel()[key[winner]] = found[winner]
    cut.ravel()[key[winner]] = ranks[winner]

    highest = best.max(0)
    column = np.where(best == highest, ties.random((d, q)), -1.0).argmax(0)
    whole = _stays_whole(level, highest)
    gain = np.where(whole, np.nan, highest - total**2 / np.where(size > 0, size, 1))
    shape = (-1, len(level.residual))
    return Cuts(column.reshape(shape), cut[column, np.arange(q)].reshape(shape), gain.reshape(shape))


def _proxy(c: Floats, n: Floats, total: Floats, size: Floats) -> Floats:
    """What a cut gains, plus total^2 / size, which all cuts of a node share; -inf where a side is empty.

    c, n: sum of residuals and of weights on the left; total, size: on both sides.
    """
    right = total - c
    right *= right
    right /= size - n
    left = c * c
    left /= n
    left += right
    left[(n == 0) | (n == size)] = -np.inf
    return left


def _bounds(level: _Level) -> Floats:
    """Upper bounds (D * J, Q) on `_proxy` strictly inside each block; -inf where no cut lies."""
    total, size = level.total
    (c0, n0), (c1, n1) = level.sums[:, :, :-1], level.sums[:, :, 1:]
    least = level.weight[level.weight > 0].min()
    mean = total / size
    high, low = c0 + level.rises, c1 - level.rises
    bound = None
    for n in (n0 + least, n1 - least):
        expected = n * mean
        corner = np.maximum(high - expected, expected - low)
        corner *= corner
        corner *= size
        n *= size - n
        corner /= n
        bound = corner if bound is None else np.maximum(bound, corner, out=bound)
    assert bound is not None
    bound += total * mean
    bound *= SLACK
    bound[n1 - n0 < 2 * least] = -np.inf
    bound = bound.reshape(-1, bound.shape[-1])
    bound[~level.columns.inner.any(1)] = -np.inf
    return bound


def _search(level: _Level, blocks: Ints, nodes: Ints) -> tuple[Floats, Ints]:
    """The best cut inside each of S blocks for the rows of one node each: `_proxy` and rank, (S,)."""
    columns, (trees, n) = level.columns, level.residual.shape
    j = columns.edge.shape[1]
    h, tree = np.divmod(nodes, trees)
    rows = columns.rows[blocks]
    padded = rows == n
    rows[padded] = 0
    at = rows + tree[:, None] * n
    inside = level.node.ravel()[at] == h[:, None]
    inside &= ~padded
    c, w = level.residual.ravel()[at] * inside, level.weight[rows] * inside
    before = level.sums[:, blocks // j, blocks % j, nodes]
    c[:, 0] += before[0]
    w[:, 0] += before[1]
    total, size = level.total[:, nodes, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        proxy = _proxy(c.cumsum(1), w.cumsum(1), total, size)
    proxy[~columns.inner[blocks]] = -np.inf
    best = proxy.argmax(1)
    each = np.arange(len(blocks))
    return proxy[each, best], columns.ranks[blocks, best]


def _stays_whole(level: _Level, highest: Floats) -> Bools:
    """Which nodes (Q,) are leaves: no cut separates two values, or the residuals do not vary.

    A cut may gain nothing and still be made (both halves of an exclusive or need it), so a gain near 0 is not enough.
    """
    total, size = level.total
    whole = highest == -np.inf
    doubtful = ~whole & (highest - total**2 / np.where(whole, 1, size) <= PURE * size)
    for q in np.flatnonzero(doubtful):
        h, tree = divmod(int(q), len(level.residual))
        inside = (level.node[tree] == h) & (level.weight > 0)
        weight = level.weight[inside]
        residual = level.residual[tree, inside] / weight
        whole[q] = np.average((residual - total[q] / size[q]) ** 2, weights=weight) <= PURE
    return whole


def _split(columns: Columns, weight: Floats, node: Ints, cuts: Cuts) -> Floats:
    """Send the rows of `node` (T, N), in place, to the children; return thresholds (nodes, T) halfway between rows."""
    n = len(weight)
    thresholds = np.full(cuts.gain.shape, np.inf)
    right = np.zeros(node.shape, bool)
    for h, (column, cut, gain) in enumerate(zip(*cuts, strict=True)):
        cut = np.where(np.isnan(gain), n, cut)
        ranks = columns.rank[column]
        inside = node == h
        above = inside & (ranks > cut[:, None])
        right |= above
        inside &= weight > 0
        low = ((ranks + 1) * (inside & ~above)).max(1) - 1  # products, because np.where is ten times slower here
        high = n - ((n - ranks) * (inside & above)).max(1)
        cuts_here = np.flatnonzero(high < n)
        f = column[cuts_here]
        thresholds[h, cuts_here] = columns.distinct[f, low[cuts_here]] / 2 + columns.distinct[f, high[cuts_here]] / 2
    node += (right * len(thresholds)).astype(node.dtype)
    return thresholds
