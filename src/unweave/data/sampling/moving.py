"""Batches of clips: consecutive frames in which some factors move and the others are constant."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.sampling.cells import by, count, varying
from unweave.data.sampling.listed_cells import ListedCells
from unweave.data.sampling.shown import possible, rows_of
from unweave.data.sampling.single import Draw, Drawn, Rows
from unweave.settings import as_option

log = logging.getLogger(__name__)

# share of proposed clips with a missing frame, above which frames need not be consecutive
SPARSE = 0.97


def clips(data: Dataset, batch_size: int, *, length: int = 8, shared: Sequence[str] = ()) -> Draw:
    """Consecutive frames of one clip.

    With known factors, some move by one value a frame and bounce at the ends.

    A factor of 80 values or more, as a continuous one, moves by a fortieth of them.
    shared: the factors that are constant (the first one unless named).
    """
    n = count(batch_size, length, "clips")
    if data.grid is None:
        if shared:
            raise ValueError(
                f"{data.name} has clips and no grid of factors that could stand still: "
                "leave out shared"
            )
        return _frames(data, n, length)
    still = [data.grid.index(f) for f in shared] or [min(varying(data.grid))]
    sizes = np.array(data.grid.sizes)
    moves = np.array([k not in still and sizes[k] > 1 for k in range(len(sizes))])
    if not moves.any():
        raise ValueError(
            f"{data.name} has no factor left to move in a clip; it varies in {data.grid.names}"
        )

    pace = np.maximum(sizes // 40, 1)

    def propose(rng: np.random.Generator, n: int) -> Rows:
        # (n, K): -1, 0 or 1, at least one factor moves
        speed = rng.integers(-1, 2, size=(n, len(sizes))) * moves
        stuck = np.flatnonzero(~speed.any(1))
        speed[stuck, rng.choice(np.flatnonzero(moves), size=len(stuck))] = 1
        # (n, length, K): straight lines from a random start, folded into 0 to size - 1
        start = data.sample_factors(n, rng)
        path = start[:, None] + (speed * pace)[:, None] * np.arange(length)[:, None]
        period = np.maximum(2 * (sizes - 1), 1)
        folded = path % period
        return np.where(folded < sizes, folded, period - folded)

    # (1000, length): -1 for frames that the data lack
    known = rows_of(data, propose(np.random.default_rng(0), 1000))
    if (known < 0).any(1).mean() > SPARSE:
        # A small held-out part: frames with equal constant factors, in the order of the grid.
        cells = by(data, still)

        def drawn(rng: np.random.Generator, step: int) -> Drawn:
            rows = cells.members(rng, cells.cells(rng, n), length)  # (n, length)
            return Drawn(np.sort(rows, axis=1))

        return drawn
    return lambda rng, step: Drawn(possible(data, propose, rng, n)[1])


def some_clips(data: Dataset, n: int, length: int, seed: int = 0) -> NDArray[np.int64]:
    """Rows (n, length) of `n` clips of the data, the same for the same seed."""
    return clips(data, n * length, length=length)(np.random.default_rng(seed), 0).rows


def _frames(data: Dataset, n: int, length: int) -> Draw:
    """Consecutive frames of the groups of a data set without a grid."""
    if data.groups is None:
        raise ValueError(
            f"{data.name} has no clips: give groups.csv or a folder per clip, "
            "or use data with factors"
        )
    every = ListedCells(data.groups)
    short = int((every.counts < length).sum())
    long = every.keep(length)
    if not len(long):
        raise ValueError(
            f"clips of {data.name} have {every.counts.max()} frames at most, and batches take "
            f"{length}: choose a smaller {as_option('clip_length', 'N')}"
        )
    if short:
        log.warning(
            f"{data.name}: left out: {short} of {len(every.counts)} clips, of less than the "
            f"{length} frames that a batch takes (clip_length)"
        )

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        cells = long.cells(rng, n)
        # (n,): the place of the first frame, at random among those with `length` frames from it on
        first = long.starts[cells] + rng.integers(long.counts[cells] - length + 1)
        return Drawn(long.order[first[:, None] + np.arange(length)])

    return draw
