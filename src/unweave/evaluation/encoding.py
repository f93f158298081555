"""Sampling of the rows that metrics need, with groups by intervention, and their true factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.factors import FactorSpace
from unweave.data.sampling.listed_cells import ListedCells
from unweave.kinds import declared
from unweave.metrics.tables.groups import FIT_GROUPS, MEMBERS, TEST_GROUPS
from unweave.metrics.tables.rows import TEST_ROWS
from unweave.seeds import fold

if TYPE_CHECKING:
    from unweave.data.base import Dataset


@dataclass(frozen=True)
class Plan:
    """Which rows of a data set the metrics need, before any is encoded.

    source: the data set behind any view; all row numbers refer to it.
    index: rows (n,) under "fit" and "test", groups of rows (G, L) under "groups fit", "pairs test",
        ...
    fixed: the factor (G,) that the images of each group share. kinds: of the factors.
    notes: remarks that all scores carry. classes: of the rows under "fit", as the view has them,
    None if unknown.
    """

    source: Dataset
    seed: int
    protocol: str
    index: dict[str, NDArray[np.int64]]
    fixed: dict[str, NDArray[np.int64]]
    kinds: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    classes: NDArray[np.int64] | None = None


def plan_rows(
    source: Dataset,
    *,
    n: int,
    seed: int,
    protocol: str,
    groups: bool,
    kinds: Any = None,
    held_out: bool = False,
) -> Plan:
    """Draw the rows: n to fit, and under a "dlib" protocol others to test on.

    groups: whether also groups by intervention. held_out: whether `source` is a view of the rows
    that were held out of training: then groups are made of these rows alone, not of the whole grid,
    and every score notes it.
    """
    rng = np.random.default_rng(fold(seed, "rows to score"))
    index = {"fit": _some(rng, len(source), n)}
    if protocol.startswith("dlib"):
        index |= _to_test(rng, index["fit"], len(source))
    notes: tuple[str, ...] = ()
    make: Callable[..., tuple[NDArray[np.int64], NDArray[np.int64]]] = groups_by_intervention
    among = source.base_rows
    if held_out and among is not None:
        used = len(np.unique(np.concatenate(list(index.values()))))
        notes = (f"scored on rows that were held out of training, {used:,} of {len(source):,}",)
        make = partial(gather, among=among)
    classes = None if source.y is None else source.y[index["fit"]]  # as a view has them
    # from here on rows are those of the data set behind a view, as interventions number them
    index = {name: source.places(rows) for name, rows in index.items()}
    source = source.whole
    fixed: dict[str, NDArray[np.int64]] = {}
    if groups and source.grid is not None:
        for name, count in _groups_needed():
            fixed[name], index[name] = make(source.grid, count, name.startswith("pairs"), rng)
    return Plan(source, seed, protocol, index, fixed, known_kinds(source, kinds), notes, classes)


def _groups_needed() -> list[tuple[str, int]]:
    """The kinds of groups and how many of each."""
    sides = (("fit", FIT_GROUPS), ("test", TEST_GROUPS))
    return [(f"{kind} {side}", count) for kind in ("groups", "pairs") for side, count in sides]


def groups_by_intervention(
    space: FactorSpace, count: int, pairs: bool, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Groups of 64 rows that share the value of one factor: fixed (G,), rows (G, L).

    All other factors are random. pairs: groups of 64 pairs, each of which shares a value of its
    own.
    """
    fixed = rng.integers(len(space.sizes), size=count)  # (G,)
    members = MEMBERS
    if pairs:
        members = 2 * MEMBERS
    # (G, L, K): factor values of every member at random
    v = space.sample(count * members, rng).reshape(count, members, -1)
    g = np.arange(count)
    if pairs:
        # the second of each pair takes the fixed factor's value from the first
        v[g[:, None], 1::2, fixed[:, None]] = v[g[:, None], 0::2, fixed[:, None]]
    else:
        # all members take it from member 0
        v[g, :, fixed] = v[g, 0, fixed][:, None]
    return fixed, space.rows(v.reshape(count * members, -1)).reshape(count, members)


def gather(
    space: FactorSpace, count: int, pairs: bool, rng: np.random.Generator, among: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Groups as of `groups_by_intervention`, fixed (G,) and rows (G, L), of the rows `among` (n,) alone.

    These need not be the whole grid.
    """
    fixed = rng.integers(len(space.sizes), size=count)  # (G,)
    v = space.factors_at(among)  # (n, K)
    members = MEMBERS
    if pairs:
        members = 2 * MEMBERS
    rows = np.empty((count, members), dtype=np.int64)
    for k in np.unique(fixed):
        own = np.flatnonzero(fixed == k)  # the groups that share factor k
        cells = ListedCells(v[:, k])  # a cell is a value of factor k with its rows
        pairable = cells.keep(2)
        if pairs and len(pairable):
            # a value for each pair, then two different rows of it
            drawn = pairable.members(rng, pairable.cells(rng, len(own) * MEMBERS), 2)
        else:
            # a value for each group, then all its members
            drawn = cells.members(rng, cells.cells(rng, len(own)), members)
        rows[own] = among[drawn].reshape(len(own), -1)
    return fixed, rows


def known_factors(source: Dataset, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Ground-truth factors (n, K) of rows, None if unknown: of the grid, the labels, or the class.

    A factor whose values are numbers is given by these numbers, any other by indices of its values.
    """
    if source.factor_names:
        return np.asarray(source.observed_values(rows), dtype=float)
    if source.y is not None:
        return source.y[rows].astype(float)[:, None]
    return None


def known_kinds(source: Dataset, wanted: Any = None) -> tuple[str, ...] | None:
    """The kind of each factor that `known_factors` gives; "" if it is not declared.

    By the user, or else by the data set. wanted: as of `unweave.kinds.declared`, factors by name or
    number. ValueError if there is no such kind or factor.
    """
    names = source.factor_names
    own = source.factor_kinds
    if not names and source.y is not None:
        names = ("class",)
        own = ("categorical",)
    mine = declared(wanted, len(names), names)
    return tuple(kind or given for kind, given in zip(mine, own, strict=True)) or None


def _to_test(
    rng: np.random.Generator, fitted: NDArray[np.int64], size: int
) -> dict[str, NDArray[np.int64]]:
    """Under "test", 5,000 rows that are not fitted.

    Nothing where they are too few: then the fitted ones are split. disentanglement_lib draws both
    from all rows, which on a small set tests on what was fitted.
    """
    others = np.setdiff1d(np.arange(size), fitted)
    if len(others) < min(TEST_ROWS, len(fitted) // 2):
        return {}
    return {"test": others[_some(rng, len(others), TEST_ROWS)]}


def _some(rng: np.random.Generator, size: int, n: int) -> NDArray[np.int64]:
    """N of `size` rows without replacement, ascending; all of them if there are no more."""
    if n >= size:
        return np.arange(size)
    return np.sort(rng.choice(size, n, replace=False))
