"""Which rows make a batch: single ones, or those belonging together (groups, pairs, triplets, clips, views, classes)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.lattice import Lattice
from unweave.data.partition import Partition
from unweave.data.views import Data, FactorRows, every_row
from unweave.seeds import fold

Rows = NDArray[np.int64]
Cells = Partition | Lattice
SPARSE = 0.97  # of the proposed clips: where a view lacks a frame of more, its clips are not consecutive
ROUNDS = 1000  # of proposals, before a combination of factors that a view lacks is given up


@dataclass(frozen=True)
class Drawn:
    """Rows (B,) or (B, M) of the data; what changed within a pair (B, K); classes, if not the data's own."""

    rows: Rows
    changed: NDArray[np.bool_] | None = None
    y: Rows | None = None


Draw = Callable[[np.random.Generator, int], Drawn]


def images(data: Data, batch_size: int, seed: int, *, replacement: bool = True) -> Draw:
    """Single rows: independent, or a new shuffle of all rows for each epoch."""
    n = len(data)
    if replacement:
        return lambda rng, step: Drawn(rng.integers(n, size=batch_size))
    shuffled: dict[int, Rows] = {}  # of the last two epochs; remembered, but a function of (seed, epoch) alone

    def epoch(number: int) -> Rows:
        if number not in shuffled:
            for old in sorted(shuffled)[:-1]:
                del shuffled[old]
            shuffled[number] = np.random.default_rng(fold(seed, "epoch", number)).permutation(every_row(data))
        return shuffled[number]

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        first, last = step * batch_size, (step + 1) * batch_size
        parts = [epoch(e)[max(first - e * n, 0) : last - e * n] for e in range(first // n, (last - 1) // n + 1)]
        return Drawn(np.concatenate(parts))

    return draw


def groups(data: Data, batch_size: int, *, group_size: int = 4, shared: Sequence[str] = ()) -> Draw:
    """Groups of rows that share factors (the first one unless named), or belong to one group or class."""
    cells = shared_cells(data, "groups", shared)
    n = _count(batch_size, group_size, "groups")
    return lambda rng, step: Drawn(cells.members(rng, cells.cells(rng, n), group_size))


def views(data: Data, batch_size: int, *, moving: Sequence[str] = ()) -> Draw:
    """Two views of one thing: all factors but `moving` (the last one unless named) are equal; or two of one group."""
    if isinstance(data, FactorImages):
        free = [data.factors.k(f) for f in moving] or [max(_varying(data.factors))]
        cells = _by(data, [k for k in range(len(data.factors.sizes)) if k not in free])
    else:
        cells = shared_cells(data, "views", ())
    cells, n = _of_two(data, "views", cells), _count(batch_size, 2, "views")
    return lambda rng, step: Drawn(cells.members(rng, cells.cells(rng, n), 2))


def triplets(data: Data, batch_size: int, *, shared: Sequence[str] = ()) -> Draw:
    """Two different rows of one class and one of another class; y (B, 3) tells them."""
    every = class_cells(data, "triplets", shared)
    if len(every) < 2:
        raise ValueError(f"{data.name} has one class only; triplets take rows of two classes")
    twos, n = _of_two(data, "triplets", every), _count(batch_size, 3, "triplets")

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        cells = twos.cells(rng, n)
        same = twos.members(rng, cells, 2)
        others = every.cells(rng, n)
        while (clash := every.keys(others) == twos.keys(cells)).any():
            others[clash] = every.cells(rng, int(clash.sum()))
        rows = np.concatenate([same, every.members(rng, others, 1)], axis=1)
        return Drawn(rows, y=every.keys_at(rows))

    return draw


def classes(data: Data, batch_size: int, *, per_class: int = 4) -> Draw:
    """Equally many rows of several classes. With known factors, step t takes the values of factor t mod K as classes.

    As many classes as the factor has, but no more than leave `per_class` rows for each.
    """
    if isinstance(data, FactorImages) and data.y is None:
        alternating = [_by(data, [k]) for k in _varying(data.factors)]
    else:
        alternating = [class_cells(data, "classes", ())]
    cells = [_of_two(data, "classes", every) for every in alternating]
    _count(batch_size, 2 * per_class, "classes")

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        of = cells[step % len(cells)]
        count = min(len(of), batch_size // per_class)
        chosen = rng.permutation(len(of))[:count]
        each = batch_size // count
        return Drawn(of.members(rng, chosen, each).reshape(-1), y=np.repeat(of.keys(chosen), each))

    return draw


def pairs(data: Data, batch_size: int, *, changed: int = 1, sampler: str = "exact") -> Draw:
    """Pairs that differ in `changed` factors (0: a random number of them, uniform from 1 to K - 1).

    sampler: "exact": the factors are chosen uniformly and their values really differ. "dlib": as disentanglement_lib
        draws them: the number is 1 or `changed` with equal chance (0: 1 or a number from 1 to K - 1), and the new
        value may be the old one. What `changed` says is then which values differ, not which were drawn again.
    Data without a grid of factors: the listed pairs, else two rows of one group, or class; nothing is told.
    """
    n = _count(batch_size, 2, "pairs")
    if not isinstance(data, FactorImages) and data.pairs is not None:
        return _listed(data.pairs, n, data.name)
    if not isinstance(data, FactorImages):
        cells = _of_two(data, "pairs", shared_cells(data, "pairs", ()))
        return lambda rng, step: Drawn(cells.members(rng, cells.cells(rng, n), 2))
    factors, varying = data.factors, _varying(data.factors)
    if sampler not in ("exact", "dlib"):
        raise ValueError(f"there is no sampler of pairs {sampler!r}; known: exact, dlib")
    if not 0 <= changed <= len(varying):
        raise ValueError(f"{data.name} has {len(varying)} factors that vary; a pair cannot change {changed} of them")

    def propose(rng: np.random.Generator, n: int) -> Rows:
        numbers = np.full(n, changed) if changed else rng.integers(1, max(len(varying), 2), size=n)
        if sampler == "dlib":
            numbers = np.where(rng.random(n) < 0.5, 1, numbers)
        which = np.zeros((n, len(factors.sizes)), dtype=bool)
        which[:, varying] = rng.random((n, len(varying))).argsort(1).argsort(1) < numbers[:, None]
        first = data.sample_factors(n, rng)
        new = (
            factors.sample(n, rng)
            if sampler == "dlib"
            else factors.change(first, which & (np.array(factors.sizes) > 1), rng)
        )
        return np.stack([first, np.where(which, new, first)], axis=1)

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        v, rows = held(data, propose, rng, n)
        return Drawn(rows, changed=v[:, 0] != v[:, 1])

    return draw


def _listed(pairs: Rows, n: int, name: str) -> Draw:
    if not len(pairs):
        raise ValueError(f"{name} lists pairs, but none of them is whole in this part of it")
    return lambda rng, step: Drawn(pairs[rng.integers(len(pairs), size=n)])


def clips(data: Data, batch_size: int, *, length: int = 8, shared: Sequence[str] = ()) -> Draw:
    """Consecutive frames of one clip; with known factors, the others move by one value a frame and bounce at the ends.

    Where a factor has 80 values or more, as a continuous one, it moves by a fortieth of them.
    shared: the factors that stand still (the first one unless named).
    """
    n = _count(batch_size, length, "clips")
    if not isinstance(data, FactorImages):
        return _frames(data, n, length)
    still = [data.factors.k(f) for f in shared] or [min(_varying(data.factors))]
    sizes = np.array(data.factors.sizes)
    moves = np.array([k not in still and sizes[k] > 1 for k in range(len(sizes))])
    if not moves.any():
        raise ValueError(f"{data.name} has no factor left to move in a clip; it varies in {data.factors.names}")

    pace = np.maximum(sizes // 40, 1)

    def propose(rng: np.random.Generator, n: int) -> Rows:
        speed = rng.integers(-1, 2, size=(n, len(sizes))) * moves
        stuck = np.flatnonzero(~speed.any(1))
        speed[stuck, rng.choice(np.flatnonzero(moves), size=len(stuck))] = 1
        path = data.sample_factors(n, rng)[:, None] + (speed * pace)[:, None] * np.arange(length)[:, None]
        period = np.maximum(2 * (sizes - 1), 1)
        folded = path % period
        return np.where(folded < sizes, folded, period - folded)

    known = rows_of(data, propose(np.random.default_rng(0), 1000))
    if (known < 0).any(1).mean() > SPARSE:  # a small held-out part: frames of one content, in the order of the grid
        cells = _by(data, still)
        return lambda rng, step: Drawn(np.sort(cells.members(rng, cells.cells(rng, n), length), axis=1))
    return lambda rng, step: Drawn(held(data, propose, rng, n)[1])


def _frames(data: Data, n: int, length: int) -> Draw:
    if data.groups is None:
        raise ValueError(f"{data.name} has no clips: give groups.csv or a folder per clip, or use data with factors")
    long = Partition(data.groups).keep(length)
    if not len(long):
        raise ValueError(f"no clip of {data.name} has {length} frames; choose shorter clips")

    def draw(rng: np.random.Generator, step: int) -> Drawn:
        cells = long.cells(rng, n)
        first = long.starts[cells] + rng.integers(long.counts[cells] - length + 1)
        return Drawn(long.order[first[:, None] + np.arange(length)])

    return draw


def held(data: FactorImages, propose: Callable[..., Rows], rng: np.random.Generator, n: int) -> tuple[Rows, Rows]:
    """Proposed factor tuples (n, M, K) and their rows (n, M), drawn again until the data set shows all of them."""
    v = propose(rng, n)
    rows = rows_of(data, v)
    for _ in range(ROUNDS):
        missing = (rows < 0).any(1)
        if not missing.any():
            return v, rows
        v[missing] = propose(rng, int(missing.sum()))
        rows[missing] = rows_of(data, v[missing])
    raise ValueError(f"{data.name} ({data.about}) lacks the combinations of factors that such a batch is made of")


def rows_of(data: FactorImages, v: Rows) -> Rows:
    """Rows (...) of the factor tuples (..., K); -1 where a view has none."""
    flat = v.reshape(-1, v.shape[-1])
    return (data.find(flat) if isinstance(data, FactorRows) else data.factors.rows(flat)).reshape(v.shape[:-1])


def shared_cells(data: Data, kind: str, shared: Sequence[str]) -> Cells:
    """Rows that belong together: by the shared factors, else by group, else by class, else by the first factor."""
    if shared or (isinstance(data, FactorImages) and data.y is None) or data.groups is None:
        return class_cells(data, kind, shared)
    return Partition(data.groups)


def class_cells(data: Data, kind: str, shared: Sequence[str]) -> Cells:
    """Rows of one class: of equal values of the named factors or labels; else the data's own; else the first factor."""
    if not shared and data.y is not None:
        return Partition(data.y)
    if isinstance(data, FactorImages):
        return _by(data, [data.factors.k(f) for f in shared] or [min(_varying(data.factors))])
    if not shared or data.labels is None:
        raise ValueError(
            f"{data.name} has no groups, classes or factors, so it cannot make {kind}; give groups.csv or sub-folders "
            "as classes, or use data with factors, such as dsprites"
        )
    if unknown := [f for f in shared if f not in data.factor_names]:
        raise ValueError(f"{data.name} has no factor {unknown[0]!r}; it has {', '.join(data.factor_names)}")
    columns = data.labels[:, [data.factor_names.index(f) for f in shared]]
    keys = np.unique(columns, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return Partition(np.where(np.isnan(columns).any(1), -1, keys))


def _by(data: FactorImages, factors: Sequence[int]) -> Cells:
    """The rows by the values of these factors, the last one named fastest."""
    whole = Lattice(data.factors, factors)
    if not data.exact:  # who groups rows by their labels has the labels that are told
        return Partition(whole.keys_at(data.factors.rows(data.told(every_row(data)))))
    return Partition(whole.keys_at(data.rows)) if isinstance(data, FactorRows) else whole


def _varying(factors: FactorSpace) -> list[int]:
    if not (varying := [k for k, size in enumerate(factors.sizes) if size > 1]):
        raise ValueError(f"no factor of {factors} varies")
    return varying


def _of_two(data: Data, kind: str, cells: Cells) -> Cells:
    twos = cells.keep(2)
    if not len(twos):
        raise ValueError(f"{data.name} cannot make {kind}: no two of its rows share a group, class or factor value")
    return twos


def _count(batch_size: int, members: int, kind: str) -> int:
    if members < 1 or batch_size < members:
        raise ValueError(f"batch_size counts images; {batch_size} are too few for {kind} of {members}")
    return batch_size // members
