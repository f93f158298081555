"""Kinds of factors (categorical, ordered, continuous), and their values as the levels that metrics
count.

"categorical": its values are names, and each is a level, however many there are. "ordered": a grid
of values in order (angles, places), each a level too, unless they are more than 20 and than sqrt(2
N): then there are too few rows of each, and it is taken as a measurement. "continuous": a
measurement, in 20 equally filled bins if it has more than 20 values.

A factor of undeclared kind is judged by the number of its values and of the rows of each, never by
the values themselves: they may be in metres or in whole micrometres, in logarithms or in ranks, and
nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from unweave.metrics.estimators.row_weights import weights_of

if TYPE_CHECKING:
    from unweave.metrics.tables.table import Table

LEVELS = 20  # values that are levels whatever else is known, and bins of a continuous factor
GRID = 40  # values that a grid of an ordered factor has at most: the finest of a published data set
# of the whole range: what lies as near to the edge of a bin lies on it, but for rounding
EDGE = 1e-9
# rows a value from which it may as well be a name: a note if it is taken as a measurement
REPEATS = 5


def kinds_of(
    v: np.ndarray, declared: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The kind of each factor of v (N, K), as declared or else as judged, and notes on doubtful
    ones.

    Up to 20 values are categories. More are categories too if they are at most sqrt(2 N), and
    either at most 40 or the rows fill half of the grid of all factors, as those of a designed data
    set do; else a measurement. Where the rows fill no grid, those that agree in all factors show
    one thing, and count as one row: a thing that was measured once and photographed fifty times is
    no category of fifty.
    """
    kinds = list(declared) or [""] * v.shape[1]
    # of each factor: the place of every row's value, the number of values and of known rows
    places = [_places(column) for column in v.T]
    sizes = [int(place.max(initial=-1)) + 1 for place in places]
    rows = [int((place >= 0).sum()) for place in places]
    undeclared = [k for k, kind in enumerate(kinds) if not kind and sizes[k] > LEVELS]
    # rows that differ in some factor, and whether they fill half of the grid of all factors
    things = 0
    if undeclared:
        things = _different(places)
    filled = 2 * things >= math.prod(max(size, 1) for size in sizes)
    for k, size in enumerate(sizes):
        enough = size <= max(LEVELS, math.sqrt(2 * rows[k]))
        if kinds[k] == "ordered" and not enough:
            kinds[k] = "continuous"
        elif k in undeclared:
            few_values = size <= min(GRID, math.sqrt(2 * things))
            if filled:
                few_values = enough
            kinds[k] = "categorical" if few_values else "continuous"
    doubtful = [k for k in undeclared if _is_doubtful(kinds[k], sizes[k], rows[k])]
    notes = [_doubt(k, sizes[k], rows[k], kinds[k]) for k in doubtful]
    return tuple(kind or "categorical" for kind in kinds), tuple(notes)


def _is_doubtful(kind: str, size: int, rows: int) -> bool:
    """Whether a judged kind may be wrong: categories of many values, or a measurement whose values
    repeat.
    """
    if kind == "categorical":
        return size > GRID
    return rows >= REPEATS * size


def _doubt(k: int, size: int, rows: int, kind: str) -> str:
    values = f"{size} values of about {rows / size:.0f} rows each"
    return f"factor {k} has {values} and is taken as {kind} (say kinds)"


def _places(column: np.ndarray) -> np.ndarray:
    """Each value's place among the different values of a column (N,), -1 for NaN."""
    place = np.full(len(column), -1)
    known = ~np.isnan(column)
    place[known] = np.unique(column[known], return_inverse=True)[1]
    return place


def _different(places: list[np.ndarray]) -> int:
    """How many different rows the columns make together."""
    rows = np.zeros(len(places[0]), np.int64)
    # one number for each combination so far, renumbered from 0 so that it stays small
    for place in places:
        rows = np.unique(rows * (place.max() + 2) + place + 1, return_inverse=True)[1]
    return int(rows.max(initial=-1)) + 1


def levels(column: np.ndarray, kind: str, weights: np.ndarray | None = None) -> np.ndarray:
    """A factor's values (N,) as indices of levels, -1 for NaN.

    >>> print(levels(np.array([3.0, np.nan, 1.0, 3.0]), "categorical"))
    [ 1 -1  0  1]
    """
    place = _places(column)
    size = int(place.max(initial=-1)) + 1
    if kind != "continuous" or size <= LEVELS:
        return place
    mass = np.bincount(place[place >= 0], weights_of(weights, place >= 0), size)  # (values,)
    return np.where(place < 0, -1, equally_filled(mass)[place])


def equally_filled(mass: np.ndarray, bins: int = LEVELS) -> np.ndarray:
    """The bin of each of V values in order that weigh mass (V,): bins of equal weight, and none is
    empty.

    A value goes where the middle of its rows lies. Only the order of the values counts, so that no
    unit matters.

    >>> equally_filled(np.array([1, 1, 1, 1, 4]), bins=4)
    array([0, 0, 1, 1, 2])
    """
    middle = np.cumsum(mass) - mass / 2  # (V,)
    # in units of a bin's weight; then the bins that occur are numbered from 0
    return np.unique(inner_bins(middle * (bins / mass.sum()), bins), return_inverse=True)[1]


def inner_bins(place: np.ndarray, bins: int) -> np.ndarray:
    """The bins, 0 to bins - 1, of places between 0 and `bins`; a place on the edge of two goes to
    the inner bin.

    So that the other sign of a column gives the same bins in the other order, but for what lies on
    the very middle: it goes where fewer places are.

    >>> inner_bins(np.array([0.0, 1.0, 1.5, 3.0, 4.0]), 4)
    array([0, 1, 1, 2, 3])
    """
    edge = np.rint(place)  # the nearest edge
    on_edge = np.abs(place - edge) < EDGE * bins
    # the inner bin of an edge is the lower one above the middle, and the upper one below it
    below = (place < bins / 2 - EDGE * bins).sum()
    above = (place > bins / 2 + EDGE * bins).sum()
    downwards = (edge > bins / 2) | ((edge == bins / 2) & (below < above))
    found = np.where(on_edge, edge - downwards, np.floor(place))
    return np.clip(found, 0, bins - 1).astype(np.int64)


def factor_levels(table: Table) -> np.ndarray:
    """Factors as indices of levels, (N, K), -1 where unknown; the same numbers in rows that were
    given to test on.
    """
    if "factors" not in table.bins:
        sides = [table]
        if table.test is not None:
            sides.append(table.test)
        _number(sides)
    return table.bins["factors"]


def shared_levels(fit: Table, test: Table) -> tuple[np.ndarray, np.ndarray]:
    """Levels of the factors in rows to fit on and rows to test on, numbered alike."""
    if "factors" not in fit.bins or "factors" not in test.bins:
        _number([fit, test])
    return fit.bins["factors"], test.bins["factors"]


def _number(sides: Sequence[Table]) -> None:
    """Number the levels of tables of the same factors alike, and keep them there."""
    v = np.concatenate([side.factors for side in sides])
    weights = None
    if any(side.weights is not None for side in sides):
        weights = np.concatenate([side.row_weights() for side in sides])
    index = np.empty(v.shape, np.int64)
    for k, (column, kind) in enumerate(zip(v.T, sides[0].kinds, strict=True)):
        index[:, k] = levels(column, kind, weights)
    first_rows = np.cumsum([side.n for side in sides])[:-1]
    for side, part in zip(sides, np.split(index, first_rows), strict=True):
        side.bins["factors"] = part
