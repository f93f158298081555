"""SortedColumns of codes, sorted once and cut into blocks of neighbouring rows, for the trees of
`trees.py`.

Letters: N rows, D columns, J blocks per column, L rows per block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]

# fastest of 32 to 128 at 10,000 rows: smaller blocks cost more bounds, larger ones more searching
BLOCK = 64


@dataclass(frozen=True, eq=False)
class SortedColumns:
    """Codes sorted once. A rank numbers the distinct values of a column from 0; a cut at rank c
    sends ranks > c right.

    distinct: (D, N) distinct values of each column, ascending, as float64 of the float32 codes.
        rank: (D, N) of each row.
    block: (D, N) block of each row, counted through all columns. member: (D * J, N) sparse, which
        rows a block holds.
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


def sort_columns(codes: NDArray[np.floating], block: int = BLOCK) -> SortedColumns:
    """Sort and cut the columns of `codes` (N, D). Equal values never fall in two blocks; a long run
    of them is one.
    """
    x = np.ascontiguousarray(codes.T, dtype=np.float32)
    d, n = x.shape
    # (D, N): each column ascending, and the rank of its distinct values
    order = np.argsort(x, axis=1, kind="stable")
    x = np.take_along_axis(x, order, 1)
    new = np.ones((d, n), bool)
    new[:, 1:] = x[:, 1:] != x[:, :-1]
    sorted_rank = new.cumsum(1) - 1
    column = np.arange(d)[:, None]
    distinct = np.full((d, n), np.nan)
    distinct[np.broadcast_to(column, (d, n)), sorted_rank] = x

    # (D, J): where each block starts and ends; columns with fewer blocks end in empty ones
    end = _padded_ends(new, block)
    start = np.concatenate([np.zeros((d, 1), end.dtype), end[:, :-1]], 1)
    edge = sorted_rank[column, end - 1]
    block_of = np.repeat(np.arange(end.size), (end - start).ravel()).reshape(d, n)
    bounds = np.append(0, column * n + end).astype(np.int32)
    # (D, J, L): the rows of each block; one with a single value has no cut inside, and may be
    # longer than L
    several = (end > start) & (sorted_rank[column, np.minimum(start, n - 1)] < edge)
    longest = int((end - start)[several].max(initial=1))
    at = start[:, :, None] + np.arange(longest)
    within = at < end[:, :, None]
    at = np.minimum(at, n - 1)
    ranks = sorted_rank[column[:, :, None], at]
    # one may cut after a row whose next row has a higher rank, before the block's last value
    rising = np.append(ranks[:, :, 1:] > ranks[:, :, :-1], np.zeros((*end.shape, 1), bool), axis=2)
    inner = within & (ranks < edge[:, :, None]) & rising
    flat = (end.size, longest)
    return SortedColumns(
        distinct=distinct,
        rank=_unsort(sorted_rank, order),
        block=_unsort(block_of, order),
        member=csr_array(
            (np.ones(d * n), order.ravel().astype(np.int32), bounds), shape=(end.size, n)
        ),
        edge=edge,
        rows=np.where(within, order[column[:, :, None], at], n).reshape(flat).astype(np.int32),
        ranks=ranks.reshape(flat),
        inner=inner.reshape(flat),
    )


def _padded_ends(new: Bools, block: int) -> Ints:
    """Where the blocks of every sorted column end, (D, J), padded with N; `new` (D, N) as of
    `_block_ends`.
    """
    ends = [_block_ends(is_new, block) for is_new in new]
    padded = np.full((len(new), max(map(len, ends))), new.shape[1])
    for row, found in zip(padded, ends, strict=True):
        row[: len(found)] = found
    return padded


def _block_ends(new: Bools, block: int) -> Ints:
    """Where the blocks of one sorted column end; `new` (N,) marks the first row of each distinct
    value.
    """
    start = np.flatnonzero(new)  # first row of each distinct value
    end = np.append(start[1:], len(new))  # and the row after its last
    # the value that every 64th row has: a block ends with it, and before it too if it is a long run
    at = (np.cumsum(new) - 1)[block : len(new) : block]
    long = end[at] - start[at] > block
    ends = np.unique(np.concatenate([end[at], start[at][long], [len(new)]]))
    return ends[ends > 0]


def _unsort(x: Ints, order: Ints) -> Ints:
    """(D, N) in sorted order -> in the order of the rows."""
    out = np.empty(x.shape, np.int32)
    np.put_along_axis(out, order, x.astype(np.int32), 1)
    return out
