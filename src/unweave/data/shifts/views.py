"""Shifts of the factors: what is seen in training is not what is asked for later. Views of data with a grid.

Correlations: F. Traeuble et al. (2021), "On disentangled representations learned from correlated data", and K. Roth et
al. (2023), "Disentanglement of correlated factors via Hausdorff factorized support". Splits: L. Schott et al. (2022),
"Visual representation learning does not generalize strongly within the same domain".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.shifts.mislabelled import Mislabelled
from unweave.data.subsets import every_row, subset
from unweave.data.view import View
from unweave.seeds import fold

Pair = tuple[str, str]
ROUNDS = 1000  # draws of held-out combinations, before it is given up that every value is still seen


def correlated(data: Dataset, pairs: Sequence[Pair], strength: float, seed: int = 0) -> View:
    """As many rows as the data have, drawn so that the factors of each pair go together.

    The probability of a combination is proportional to exp(-(a - b)^2 / (2 s^2)), a and b the two factors scaled to
    [0, 1], multiplied over the pairs; the smaller `strength` = s, the stronger. A name with a minus, ("scale", "-x"),
    is correlated the other way round. One factor in all pairs is a confounder of the others.
    """
    if not strength > 0 or not pairs:
        raise ValueError(f"a correlation takes pairs of factors and a strength above 0; given {pairs}, {strength}")
    log_weight = np.zeros(len(every_row(data)))
    for a, b in pairs:
        log_weight -= (_scaled(data, a) - _scaled(data, b)) ** 2 / (2 * strength**2)
    said = ", ".join(f"{a} with {b}" for a, b in pairs)
    return _drawn(data, np.exp(log_weight - log_weight.max()), seed, f"correlated {said}, s = {strength:g}")


def imbalanced(data: Dataset, factor: str, ratio: float, seed: int = 0) -> View:
    """As many rows as the data have; the first value of a factor is `ratio` times as frequent as its last.

    Frequencies fall geometrically from value to value.
    """
    if not ratio > 0:
        raise ValueError(f"the ratio is {ratio}; it has to be above 0")
    weight = ratio ** -_scaled(data, factor)
    return _drawn(data, weight, seed, f"{factor} imbalanced by {ratio:g}")


def without(data: Dataset, combination: Mapping[str, Sequence[int]]) -> tuple[View, View]:
    """(rows without, rows with) a combination of values: {"shape": [2], "x": [0, 1]} holds out hearts on the left."""
    held = np.ones(len(every_row(data)), dtype=bool)
    for factor, values in combination.items():
        held &= np.isin(_index(data, factor), _checked(data, factor, values))
    said = ", ".join(f"{factor} in {list(values)}" for factor, values in combination.items())
    return _parted(data, held, f"combinations {said}")


def extrapolation(data: Dataset, factor: str, fraction: float = 0.25) -> tuple[View, View]:
    """(training, test): the last `fraction` of the values of a factor are for the test alone."""
    size = data.factors.sizes[data.factors.index(factor)]
    count = round(size * fraction)
    if not 1 <= count < size:
        raise ValueError(f"{factor} has {size} values; a fraction of {fraction:g} leaves none on one side")
    return _parted(data, _index(data, factor) >= size - count, f"extrapolation of {factor}")


def interpolation(data: Dataset, factor: str, every: int = 2) -> tuple[View, View]:
    """(training, test): of each `every` values of a factor the last but the ends are for the test alone."""
    size = data.factors.sizes[data.factors.index(factor)]
    index = _index(data, factor)
    held = (index % every == every - 1) & (index < size - 1) & (index > 0)
    if every < 2 or not held.any():
        raise ValueError(f"{factor} has {size} values; every {every}th between its ends cannot be held out")
    return _parted(data, held, f"interpolation of {factor}")


def combinations(data: Dataset, bins: Mapping[str, int], fraction: float = 0.25, seed: int = 0) -> tuple[View, View]:
    """(training, test): a random `fraction` of the combinations of some factors is for the test alone.

    bins: {factor: equal parts of its values that count as one value each, 0 for the values themselves}: {"shape": 0,
    "x": 2} makes combinations of a shape and a half of x. Each value, or part, of each factor is still seen in training.
    """
    parts = [_parts(data, factor, count) for factor, count in bins.items()]
    cells, cell = np.unique(np.stack(parts, 1), axis=0, return_inverse=True)
    count = round(len(cells) * fraction)
    rng = np.random.default_rng(fold(seed, "combinations", *bins))
    about = f"{count} of {len(cells)} combinations of {', '.join(bins)}"
    for _ in range(ROUNDS if 0 < count < len(cells) else 0):
        held = np.isin(np.arange(len(cells)), rng.choice(len(cells), size=count, replace=False))
        if all(len(np.unique(c[~held])) == len(np.unique(c)) for c in cells.T):
            return _parted(data, held[cell.reshape(-1)], about)
    raise ValueError(f"{about} cannot be held out with every value seen in training")


def mislabelled(data: Dataset, factors: Sequence[str], fraction: float, seed: int = 0) -> Dataset:
    """The same images, of which `observed_factors` gives the named factors, all if none is, wrong with probability `fraction`.

    See `Mislabelled` for who sees it. Shifts that choose rows go by what the images show, so their order with this one
    does not matter.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"the fraction is {fraction}; it has to be from 0 to 1")
    of = data.whole
    places = [data.factors.index(factor) for factor in factors] or list(range(len(data.factors.sizes)))
    said = f"{fraction:.0%} of the labels{' of ' * bool(factors)}{', '.join(factors)} wrong; "
    wrong = Mislabelled(of, places, fraction, seed, said + of.about)
    if data.base_rows is None:
        return wrong
    return View(wrong, data.base_rows, said + data.about, data.y, data.class_names)


def _drawn(data: Dataset, weight: NDArray[np.float64], seed: int, about: str) -> View:
    """Rows drawn in proportion to their weights, by systematic sampling: each comes its expected number of times +-1."""
    rng = np.random.default_rng(fold(seed, about))
    total = np.cumsum(weight / weight.sum())
    points = (np.arange(len(data)) + rng.random()) / len(data)
    rows = np.minimum(np.searchsorted(total, points, side="right"), len(data) - 1)
    return _view(data, rows, about)


def _parted(data: Dataset, held: NDArray[np.bool_], about: str) -> tuple[View, View]:
    if held.all() or not held.any():
        raise ValueError(f"{about}: {data.name} would leave one side without a row")
    return _view(data, np.flatnonzero(~held), f"without {about}"), _view(data, np.flatnonzero(held), f"only {about}")


def _view(data: Dataset, rows: NDArray[np.int64], about: str) -> View:
    return subset(data, rows, f"{about}; {data.about}")


def _all(data: Dataset) -> NDArray[np.int64]:
    return data.factors_at(every_row(data))


def _index(data: Dataset, factor: str) -> NDArray[np.int64]:
    return _all(data)[:, data.factors.index(factor)]


def _parts(data: Dataset, factor: str, count: int) -> NDArray[np.int64]:
    """Which of `count` equal parts of a factor's values each row shows, (N,); the value itself if the count is 0."""
    size = data.factors.sizes[data.factors.index(factor)]
    if not 0 <= count <= size:
        raise ValueError(f"{factor} has {size} values; it cannot be cut into {count} parts")
    return _index(data, factor) * (count or size) // size


def _scaled(data: Dataset, factor: str) -> NDArray[np.float64]:
    """A factor of all rows from 0 to 1, or from 1 to 0 if its name has a minus."""
    plain = factor.removeprefix("-")
    size = data.factors.sizes[data.factors.index(plain)]
    share = _index(data, plain) / max(size - 1, 1)
    return 1 - share if factor.startswith("-") else share


def _checked(data: Dataset, factor: str, values: Sequence[int]) -> list[int]:
    size = data.factors.sizes[data.factors.index(factor)]
    if wrong := [v for v in values if not 0 <= v < size]:
        raise ValueError(f"{factor} has no value {wrong[0]}; it counts from 0 to {size - 1}")
    return list(values)
