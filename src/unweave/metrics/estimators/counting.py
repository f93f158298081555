"""Counting of rows in the cells of codes by factors, in two ways, of which each factor takes the faster.

Factors of few levels are counted together, by a product of matrices of zeros and ones: which bin of
a code a row is in (sparse), and which level of a factor (dense). Factors of many levels are counted
one after the other, an addition for each row and code.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from unweave.metrics.estimators.layout import Layout

FEW = 24  # cells of a factor up to which the product is faster, by measurement
TOGETHER = (
    160  # cells of factors that are multiplied at once: those of a hundred codes stay in the cache
)
MOST = 2**15 - 1  # rows that int16 can count
CODES = 8  # codes that are counted one after the other in the processor's cache


def products(
    z: np.ndarray, values: np.ndarray, few: list[tuple[np.ndarray, np.ndarray]], found: np.ndarray
) -> None:
    """Add to `found` (B, L) the sums over the rows in each bin of codes z (N, d) of what occurs in them.

    few: cells (C,) of some factors, and whether each row falls in them, int16 or by weight (N, C).
    """
    from scipy.sparse import csc_array

    if not few:
        return
    n, d = z.shape
    # the type that scipy would turn them into
    bins = z + (np.cumsum(values) - values).astype(np.int32)
    for first in range(0, n, MOST):
        some = slice(first, min(first + MOST, n))
        inside = bins[some].ravel()
        ends = np.arange(0, inside.size + 1, d, dtype=np.int32)
        # (B, rows) of ones: each row is in one bin of every code
        ones = np.ones(inside.size, few[0][1].dtype)
        rows_of_bins = csc_array((ones, inside, ends), (len(found), some.stop - first))
        for cells, occurs in few:
            found[:, _as_slice(cells)] += rows_of_bins @ occurs[some]


def _as_slice(cells: np.ndarray) -> np.ndarray | slice:
    """Neighbouring cells as a slice, which numpy reads faster."""
    if cells[-1] - cells[0] == len(cells) - 1:
        return slice(int(cells[0]), int(cells[-1]) + 1)
    return cells


def few_levels(v: np.ndarray, layout: Layout) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cells (C,) of factors of few levels, some together, and whether each row falls in them, int16 (N, C)."""
    found = []
    for factors in _together(np.flatnonzero(layout.sizes <= FEW), layout.sizes):
        sizes = layout.sizes[factors]
        cells = np.concatenate(
            [np.arange(i, i + n) for i, n in zip(layout.starts[factors], sizes, strict=True)]
        )
        occurs = np.zeros((len(v), len(cells)), np.int16)
        rows = np.arange(0, occurs.size, len(cells))  # the first cell of each row
        for k, first in zip(factors, np.cumsum(sizes) - sizes, strict=True):
            occurs.reshape(-1)[rows + layout.cells(v[:, k], int(k)) + first] = 1
        found.append((cells, occurs))
    return found


def since(
    few: list[tuple[np.ndarray, np.ndarray]], first: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of `few_levels`, the cells from this one on, numbered from 0 there."""
    kept = []
    for cells, occurs in few:
        start = int(np.searchsorted(cells, first))
        if start < len(cells):
            kept.append((cells[start:] - first, np.ascontiguousarray(occurs[:, start:])))
    return kept


def many_levels(layout: Layout) -> np.ndarray:
    """The other factors."""
    return np.flatnonzero(layout.sizes > FEW)


def _together(factors: np.ndarray, sizes: np.ndarray) -> Iterator[np.ndarray]:
    """Factors in groups of about `TOGETHER` cells."""
    group = (np.cumsum(sizes[factors]) - 1) // TOGETHER
    for i in np.unique(group):
        yield factors[group == i]


def one_by_one(
    z: np.ndarray,
    values: np.ndarray,
    place: np.ndarray,
    weights: np.ndarray | None,
    found: np.ndarray,
) -> None:
    """Write into `found` (B, size) the rows of codes z (N, d) in the cells of one factor, place (N,)."""
    size = found.shape[1]
    last = np.cumsum(values)
    first = last - values
    for i in range(0, z.shape[1], CODES):
        codes = slice(i, i + CODES)
        rows = slice(int(first[i]), int(last[codes][-1]))
        bins = z[:, codes].T + (first[codes] - first[i])[:, None]  # (codes, N)
        each = None if weights is None else np.tile(weights, len(bins))
        cells = (bins * size + place).ravel()
        found[rows] = np.bincount(cells, each, (rows.stop - rows.start) * size).reshape(-1, size)
