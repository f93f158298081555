"""Views of a data set: a list of rows, and the split into a training and a held-out part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.factors import Rows
from unweave.data.view import View
from unweave.seeds import fold

LISTED = 100_000_000  # rows, 0.8 GB: a grid of continuous factors can have a million times more


def every_row(data: Dataset) -> NDArray[np.int64]:
    """All rows (N,), 0 to N - 1. ValueError if they are too many to be listed."""
    if len(data) > LISTED:
        raise ValueError(
            f"{data.name} has {len(data):,} rows, more than the {LISTED:,} that can be listed, "
            "as a shift, a held-out part, classes, all labels and epochs need; "
            "give fewer levels, or do without"
        )
    return np.arange(len(data))


def subset(data: Dataset, rows: Rows, about: str = "") -> View:
    """View of the rows (n,) of a data set, in order. ValueError if none, or one out of range."""
    rows = np.asarray(rows, dtype=np.int64)
    if rows.ndim != 1 or not len(rows) or rows.min() < 0 or rows.max() >= len(data):
        raise ValueError(
            f"rows of {data.name} are a list of whole numbers from 0 to {len(data) - 1}, "
            "at least one"
        )
    return View(data, rows, about or f"{len(rows):,} of {len(data):,} rows; {data.about}")


def split(data: Dataset, fraction: float, seed: int) -> tuple[View, View]:
    """(training view, held-out view): a random `fraction` of the rows is held out.

    The same for the same seed.

    Whole groups are held out, and whole chains of pairs, so that no clip, pair or person is on both
    sides.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"the held-out fraction is {fraction}; it has to be above 0 and below 1")
    units = _units(data)
    n = int(units.max()) + 1
    count = max(round(n * fraction), 1)
    if count >= n:
        raise ValueError(
            f"{data.name} has {n} rows or groups, too few to hold out {fraction:g} of them"
        )
    # (n,): which groups are held out, at random; then (N,): which rows that makes
    chosen = np.random.default_rng(fold(seed, "held out")).permutation(n)[:count]  # (count,)
    unit_is_out = np.zeros(n, dtype=bool)
    unit_is_out[chosen] = True
    is_out = unit_is_out[units]
    training = subset(
        data, np.flatnonzero(~is_out), f"all but the {fraction:.0%} held out; {data.about}"
    )
    held_out = subset(data, np.flatnonzero(is_out), f"the {fraction:.0%} held out; {data.about}")
    return training, held_out


def _units(data: Dataset) -> NDArray[np.int64]:
    """A number (N,) of each row, equal for rows that stay together, from 0 without gaps."""
    if data.groups is not None:
        return np.unique(data.groups, return_inverse=True)[1]
    if data.pairs is None:
        return every_row(data)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # Pairs are the edges of a graph over the rows; rows of one connected component stay together.
    joined = coo_array((np.ones(len(data.pairs)), data.pairs.T), shape=(len(data), len(data)))
    return connected_components(joined, directed=False)[1].astype(np.int64)
