"""Batches of rows that belong together: groups, two views of one thing, triplets, classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unweave.data.base import Dataset
from unweave.data.sampling.cells import by, class_cells, count, of_two, shared_cells, varying
from unweave.data.sampling.single import Draw, Drawn


def groups(data: Dataset, batch_size: int, *, group_size: int = 4, shared: Sequence[str] = ()) -> Draw:
    """Groups of rows that share factors (the first one unless named), or belong to one group or class."""
    cells = shared_cells(data, "groups", shared)
    n = count(batch_size, group_size, "groups")
    return lambda rng, step: Drawn(cells.members(rng, cells.cells(rng, n), group_size))


def views(data: Dataset, batch_size: int, *, moving: Sequence[str] = ()) -> Draw:
    """Two views of one thing: all factors but `moving` (the last one unless named) are equal; or
    two of one group.
    """
    if data.grid is not None:
        free = [data.grid.index(f) for f in moving] or [max(varying(data.grid))]
        cells = by(data, [k for k in range(len(data.grid.sizes)) if k not in free])
    elif moving:
        raise ValueError(f"{data.name} has no grid of factors that could move: leave out moving")
    else:
        cells = shared_cells(data, "views", ())
    cells = of_two(data, "views", cells)
    n = count(batch_size, 2, "views")
    return lambda rng, step: Drawn(cells.members(rng, cells.cells(rng, n), 2))


def triplets(data: Dataset, batch_size: int, *, shared: Sequence[str] = ()) -> Draw:
    """Two different rows of one class and one of another class, with their classes y (B, 3)."""
    every = class_cells(data, "triplets", shared)
    if len(every) < 2:
        raise ValueError(f"{data.name} has one class only; triplets take rows of two classes")
    twos = of_two(data, "triplets", every)
    n = count(batch_size, 3, "triplets")

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        cells = twos.cells(rng, n)
        same = twos.members(rng, cells, 2)  # (n, 2)
        # (n,): another class for each, drawn again where it is the same one
        others = every.cells(rng, n)
        clash = every.keys(others) == twos.keys(cells)
        while clash.any():
            others[clash] = every.cells(rng, int(clash.sum()))
            clash = every.keys(others) == twos.keys(cells)
        rows = np.concatenate([same, every.members(rng, others, 1)], axis=1)
        return Drawn(rows, y=every.keys_at(rows))

    return draw


def classes(data: Dataset, batch_size: int, *, per_class: int = 4) -> Draw:
    """Equally many rows of several classes. With known factors, the values of factor t mod K are
    the classes of step t.

    As many classes as there are, but at most so many that each has `per_class` rows.
    """
    if data.grid is not None and data.y is None:
        alternating = [by(data, [k]) for k in varying(data.grid)]
    else:
        alternating = [class_cells(data, "classes", ())]
    cells = [of_two(data, "classes", every) for every in alternating]
    count(batch_size, 2 * per_class, "classes")

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        of = cells[step % len(cells)]
        several = min(len(of), batch_size // per_class)
        chosen = rng.permutation(len(of))[:several]
        each = batch_size // several
        rows = of.members(rng, chosen, each)  # (several, each)
        return Drawn(rows.reshape(-1), y=np.repeat(of.keys(chosen), each))

    return draw
