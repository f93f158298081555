"""Cross-view retrieval: whether the other view of a thing is among the nearest of many views.

Sun et al. (2020) and Zhao et al. (2021) evaluate embeddings of poses so. Things are the groups of a
data set; one view of each of up to 1,000 is looked up among the other views of all of them.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from unweave.data.base import Dataset
from unweave.data.classes import factor_number
from unweave.data.sampling.listed_cells import ListedCells
from unweave.reproduction.measures.columns import columns_of
from unweave.reproduction.measures.seen import held_out_or_all
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.settings import Setting

THINGS = 1_000
Within = Annotated[int, Setting("nearest views that count", low=1)]
Beyond = Annotated[
    float, Setting("degrees that the two views of a thing differ by, or more", low=0)
]


def hits(
    run: Run,
    *,
    block: str = "pose",
    within: Within = 1,
    angle: str = "",
    beyond: Beyond = 0.0,
    seed: int = 0,
) -> float:
    """The share of things, 0 to 1, whose other view is among the nearest by Euclidean distance.

    angle, beyond: a factor in radians, and how far apart in it the views of a thing have to be for
    the thing to count; it is looked up among all. On the run's held-out rows, where it has some.
    ValueError if these have no two groups of two rows, no such factor, or no views so far apart.
    """
    data = held_out_or_all(run)
    rows = views(data, seed)
    columns = columns_of(run, block)
    found = ranks(*(run.encode(data.take(of))[:, columns] for of in rows.T))
    return _share(found < within, data, rows, angle, beyond)


def raw_hits(
    run: Run, *, within: Within = 1, angle: str = "", beyond: Beyond = 0.0, seed: int = 0
) -> float:
    """The same with the data in place of their codes."""
    data = held_out_or_all(run)
    rows = views(data, seed)
    found = ranks(*(data.take(of).reshape(len(of), -1) for of in rows.T))
    return _share(found < within, data, rows, angle, beyond)


def views(data: Dataset, seed: int = 0) -> NDArray[np.int64]:
    """Rows (n, 2) of two views each of up to 1,000 things, at random."""
    if data.groups is None:
        raise ValueError(f"{data.name} has no groups, so no two rows are known to show one thing")
    things = ListedCells(data.groups).keep(2)
    if len(things) < 2:
        raise ValueError(
            f"{data.name} has {len(things)} groups of two rows or more; retrieval takes two groups"
        )
    rng = np.random.default_rng(fold(seed, "retrieval"))
    return things.members(rng, rng.permutation(len(things))[:THINGS], 2)


def ranks(queries: NDArray[Any], others: NDArray[Any]) -> NDArray[np.int64]:
    """How many other rows of others (n, D) are as near to query i as row i is, or nearer: (n,)."""
    apart = cdist(queries, others, "sqeuclidean")  # (n, n)
    own = apart.diagonal()[:, None]  # (n, 1)
    return (apart <= own).sum(1) - 1


def _share(
    hit: NDArray[np.bool_], data: Dataset, rows: NDArray[np.int64], angle: str, beyond: float
) -> float:
    """The share of the hits (n,) among those whose two rows (n, 2) are so far apart."""
    if not angle:
        if beyond:
            raise ValueError(f"beyond is {beyond:g} degrees of no factor: name it as angle")
        return float(hit.mean())
    k = factor_number(data, angle)
    one, other = (data.factors_at(of)[:, k] for of in rows.T)
    # the shorter way round, 0 to 180
    gap = np.abs((np.degrees(one - other) + 180) % 360 - 180)
    counted = gap >= beyond
    if not counted.any():
        raise ValueError(
            f"no two views of one thing in {data.name} are {beyond:g} degrees of {angle} apart"
        )
    return float(hit[counted].mean())
