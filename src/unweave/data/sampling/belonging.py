"""Batches of rows that belong together: groups, two views of one thing, triplets, classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unweave.data.base import Dataset
from unweave.data.sampling.cells import Cells, by, class_cells, count, of_two, shared_cells, varying
from unweave.data.sampling.single import Draw, Drawn


def groups(
    data: Dataset, batch_size: int, *, group_size: int = 4, shared: Sequence[str] = ()
) -> Draw:
    """Groups of rows of one group or class, or that share factors (the first one unless named)."""
    cells = shared_cells(data, "groups", shared)
    n = count(batch_size, group_size, "groups")
    return lambda rng, step: Drawn(cells.members(rng, cells.cells(rng, n), group_size))


def views(data: Dataset, batch_size: int, *, moving: Sequence[str] = ()) -> Draw:
    """Two views of one thing, with the number of the thing, y (B, 2).

    All factors but `moving` (the last one unless named) are equal; or both are of one group.

    ValueError if there is one thing only, or a group of one row: its other views are missing.
    """
    if data.grid is not None:
        # a thing is a combination of all factors that do not move
        free = [data.grid.index(f) for f in moving] or [max(varying(data.grid))]
        cells = by(data, [k for k in range(len(data.grid.sizes)) if k not in free])
    elif moving:
        raise ValueError(f"{data.name} has no grid of factors that could move: leave out moving")
    else:
        cells = shared_cells(data, "views", ())
    twos = of_two(data, "views", cells)
    if len(twos) < 2:
        raise ValueError(
            f"{data.name} has two views of one thing only; batches of views take two things or more"
        )
    alone = len(cells) - len(twos)
    if alone and data.grid is None:
        raise ValueError(
            f"{alone} of {len(cells)} groups of {data.name} have one view only, and batches of "
            "views take two of each: give the other views, or leave these rows out"
        )
    n = count(batch_size, 2, "views")

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        rows = twos.members(rng, twos.cells(rng, n), 2)
        return Drawn(rows, y=twos.keys_at(rows))

    return draw


def triplets(data: Dataset, batch_size: int, *, shared: Sequence[str] = ()) -> Draw:
    """Two different rows of one class and one of another class, with their classes y (B, 3)."""
    every = class_cells(data, "triplets", shared)
    if len(every) < 2:
        raise ValueError(f"{data.name} has one class only; triplets take rows of two classes")
    twos = of_two(data, "triplets", every)
    n = count(batch_size, 3, "triplets")

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        cells = twos.cells(rng, n)  # (n,)
        same = twos.members(rng, cells, 2)  # (n, 2)
        # (n,): another class for each, drawn again where it is the same one
        others = every.cells(rng, n)
        clash = every.keys(others) == twos.keys(cells)
        while clash.any():
            others[clash] = every.cells(rng, int(clash.sum()))
            clash = every.keys(others) == twos.keys(cells)
        rows = np.concatenate([same, every.members(rng, others, 1)], axis=1)  # (n, 3)
        return Drawn(rows, y=every.keys_at(rows))

    return draw


def classes(
    data: Dataset, batch_size: int, *, per_class: int = 4, observed: Sequence[str] = ()
) -> Draw:
    """Equally many rows of several classes, in turn, with y (B,): classes, or values of factors.

    observed: the factors whose values are the classes, factor t mod K those of step t; of data
    without classes all that vary, unless named. As many classes as there are, but at most so many
    that each has `per_class` rows. ValueError for one class only, or a class of one row.
    """
    cells = [_several(data, every) for every in _alternating(data, observed)]
    count(batch_size, 2 * per_class, "classes")

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        # as many classes as the batch has room for, at random, and rows of each
        of = cells[step % len(cells)]
        several = min(len(of), batch_size // per_class)
        chosen = rng.permutation(len(of))[:several]
        each = batch_size // several
        # (several, each), transposed: any part of the batch has rows of all classes
        rows = of.members(rng, chosen, each).T
        return Drawn(rows.reshape(-1), y=np.tile(of.keys(chosen), each))

    return draw


def _alternating(data: Dataset, observed: Sequence[str]) -> list[Cells]:
    """The classes of successive steps: one kind of class for each factor, or the data's own."""
    if observed and not data.factor_names:
        raise ValueError(f"{data.name} has no factors to observe: leave out observed")
    if observed:
        return [class_cells(data, "classes", (name,)) for name in observed]
    # a measurement, which is no index, has no size; a view may show one value only
    sizes = zip(data.factor_names, data.factor_sizes, strict=True)
    names = [name for name, size in sizes if size > 1]
    if data.y is not None or not data.factor_names:
        return [class_cells(data, "classes", ())]
    if not names:
        raise ValueError(
            f"{data.name} has no factor of a few values, which could be classes; "
            f"it has {', '.join(data.factor_names)}"
        )
    cells = [class_cells(data, "classes", (name,)) for name in names]
    return [every for every in cells if len(every) > 1] or cells[:1]


def _several(data: Dataset, every: Cells) -> Cells:
    """All classes. ValueError unless there are two or more, each of two rows or more."""
    if len(every) < 2:
        raise ValueError(
            f"{data.name} has one class only, or one value of a factor; "
            "batches of classes take two or more"
        )
    alone = len(every) - len(of_two(data, "classes", every))
    if alone:
        raise ValueError(
            f"{alone} of {len(every)} classes of {data.name} have one image only, and batches of "
            "classes take two of each: give more of them, or leave them out"
        )
    return every
