"""Best split of every node of a level of regression trees, by exact search of few blocks.

For every node the sums of the residuals up to each block's end give the gain of a cut there. Inside
a block the running sum cannot rise by more than the block's positive residuals nor fall by more
than its negative ones. The gain is convex in (sum, count), so its largest value over that box lies
in a corner: a bound, and only blocks whose bound reaches the best gain known are searched row by
row. The result is that of searching every cut.

Letters: D columns, J blocks per column, T trees, Q = nodes * T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from unweave.metrics.estimators.sorted_columns import Bools, Floats, Ints, SortedColumns

# a node whose residuals vary less than this stays a leaf (scikit-learn's rule)
PURE = float(np.finfo(np.float64).eps)
SLACK = 1 + 1e-12  # the bounds are rounded; one that is a digit too low would lose a cut


class Cuts(NamedTuple):
    """The best cut of each node, (nodes, T) each: its column, the rank it cuts at, and what it
    gains.

    A gain is the fall of the summed squared residual; NaN where the node stays whole.
    """

    column: Ints
    rank: Ints
    gain: Floats


@dataclass(eq=False)
class Level:
    """One level of T growing trees: the node (T, N) of each row and, at the blocks' edges, sums
    over a node's rows.

    sums: (2, D, J + 1, Q) of residuals, of weights. rises: (D, J, Q) of the positive residuals
        inside each block.
    """

    columns: SortedColumns
    residual: Floats
    weight: Floats
    node: Ints
    sums: Floats
    rises: Floats

    @property
    def total(self) -> Floats:
        """(2, Q): residual and weight of each node."""
        return self.sums[:, 0, -1]


class Ties(NamedTuple):
    """What draws which of equally good columns is cut, for so many neighbouring trees."""

    rng: np.random.Generator
    trees: int


def best_cuts(level: Level, ties: Sequence[Ties]) -> Cuts:
    """The best of all cuts of every node; among columns with equal gains one is drawn, as
    scikit-learn does.
    """
    d, j, q = level.rises.shape
    total, size = level.total  # (Q,) each
    sums = level.sums[:, :, 1:]  # (2, D, J, Q): sums up to the end of every block
    c = sums[0]
    n = sums[1]
    # gains of the cuts at the blocks' ends, (D, J, Q), and bounds inside the blocks, (D * J, Q)
    with np.errstate(divide="ignore", invalid="ignore"):
        at_edges = _proxy(c, n, total, size)
        bounds = _bounds(level)
    # (Q,): the best gain known; searching the likeliest block first raises what others must reach
    known = at_edges.max((0, 1))
    likely = bounds.argmax(0)
    found, _ = _search(level, likely, np.arange(q))
    # all blocks whose bound reaches the best gain known, (S,), are searched row by row
    reach = np.maximum(np.maximum(known, found), np.finfo(float).min)
    blocks, nodes = np.nonzero(bounds >= reach)
    found, ranks = _search(level, blocks, nodes)

    # (D, Q): the best cut at an edge of every column
    place = at_edges.argmax(1)
    best = np.take_along_axis(at_edges, place[:, None], 1)[:, 0]
    cut = np.take_along_axis(level.columns.edge, place, 1)
    # the best of the searched blocks of each column and node, at the lowest rank, replaces it
    # where it gains more
    key = blocks // j * q + nodes
    order = np.lexsort((-ranks, found, key))
    winner = order
    if len(order):
        last_of_key = np.append(key[order][1:] != key[order][:-1], True)
        winner = order[last_of_key]
    winner = winner[found[winner] > best.ravel()[key[winner]]]
    best.ravel()[key[winner]] = found[winner]
    cut.ravel()[key[winner]] = ranks[winner]

    # (D, Q) -> (Q,): the best column of every node, at random among equal ones
    highest = best.max(0)
    draws = [rng.random((d, q // len(level.residual), trees)) for rng, trees in ties]
    drawn = np.concatenate(draws, axis=2)
    column = np.where(best == highest, drawn.reshape(d, q), -1.0).argmax(0)
    whole = _stays_whole(level, highest)
    gain = np.where(whole, np.nan, highest - total**2 / np.where(size > 0, size, 1))
    # (Q,) -> (nodes, T)
    shape = (-1, len(level.residual))
    rank = cut[column, np.arange(q)]
    return Cuts(column.reshape(shape), rank.reshape(shape), gain.reshape(shape))


def _proxy(c: Floats, n: Floats, total: Floats, size: Floats) -> Floats:
    """What a cut gains, plus total^2 / size, which all cuts of a node share; -inf where a side is
    empty.

    c, n: sum of residuals and of weights on the left; total, size: on both sides.
    """
    # c^2 / n + (total - c)^2 / (size - n), in place
    right = total - c
    right *= right
    right /= size - n
    left = c * c
    left /= n
    left += right
    left[(n == 0) | (n == size)] = -np.inf
    return left


def _bounds(level: Level) -> Floats:
    """Upper bounds (D * J, Q) on `_proxy` strictly inside each block; -inf where no cut lies."""
    total, size = level.total
    c0, n0 = level.sums[:, :, :-1]  # (D, J, Q) each: sums up to the start of every block
    c1, n1 = level.sums[:, :, 1:]  # and up to its end
    least = level.weight[level.weight > 0].min()
    mean = total / size
    # the range of the running sum inside a block
    high = c0 + level.rises
    low = c1 - level.rises

    def gain_at(n: Floats) -> Floats:
        """The larger gain of the highest and the lowest sum at weight n (D, J, Q) on the left."""
        expected = n * mean
        corner = np.maximum(high - expected, expected - low)
        corner *= corner
        corner *= size
        n *= size - n
        corner /= n
        return corner

    # the gain is convex, so its maximum is at a corner: least or most weight on the left, highest
    # or lowest sum; its form is size (c - n mean)^2 / (n (size - n)) + total mean
    bound = gain_at(n0 + least)
    np.maximum(bound, gain_at(n1 - least), out=bound)
    bound += total * mean
    bound *= SLACK
    # no cut is inside a block with less of the node than two rows weigh, or with one value
    bound[n1 - n0 < 2 * least] = -np.inf
    bound = bound.reshape(-1, bound.shape[-1])
    bound[~level.columns.inner.any(1)] = -np.inf
    return bound


def _search(level: Level, blocks: Ints, nodes: Ints) -> tuple[Floats, Ints]:
    """The best cut inside each of S blocks, of one node each: `_proxy` and rank, (S,)."""
    columns = level.columns
    trees, n = level.residual.shape
    j = columns.edge.shape[1]
    h, tree = np.divmod(nodes, trees)  # (S,) each: the node, and its tree
    # (S, L): the rows of each block, and which of them are in the node
    rows = columns.rows[blocks]
    padded = rows == n
    rows[padded] = 0
    at = rows + tree[:, None] * n
    inside = level.node.ravel()[at] == h[:, None]
    inside &= ~padded
    # (S, L): residuals and weights of these rows, 0 for the others
    c = level.residual.ravel()[at] * inside
    w = level.weight[rows] * inside
    # running sums start at those up to the block
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


def _stays_whole(level: Level, highest: Floats) -> Bools:
    """Which nodes (Q,) are leaves: no cut separates two values, or the residuals do not vary.

    A cut may gain nothing and still be made (both halves of an exclusive or need it), so a gain
    near 0 is not enough.
    """
    total, size = level.total
    whole = highest == -np.inf
    # variance is at least the gain per weight, so only nodes whose gain is tiny may be pure
    doubtful = ~whole & (highest - total**2 / np.where(whole, 1, size) <= PURE * size)
    for q in np.flatnonzero(doubtful):
        h, tree = divmod(int(q), len(level.residual))
        inside = (level.node[tree] == h) & (level.weight > 0)
        weight = level.weight[inside]
        residual = level.residual[tree, inside] / weight
        deviations = (residual - total[q] / size[q]) ** 2
        whole[q] = np.average(deviations, weights=weight) <= PURE
    return whole
