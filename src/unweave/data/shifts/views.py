"""Shifts of the factors between training and test: correlations, imbalance and held-out values.

Correlations: F. Traeuble et al. (2021), "On disentangled representations learned from correlated
data", and K. Roth et al. (2023), "Disentanglement of correlated factors via Hausdorff factorized
support". Splits: L. Schott et al. (2022), "Visual representation learning does not generalize
strongly within the same domain".
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
ROUNDS = 1000  # attempts to hold out combinations so that every value is still seen in training


def correlated(data: Dataset, pairs: Sequence[Pair], strength: float, seed: int = 0) -> View:
    """As many rows as the data have, drawn so that the factors of each pair are correlated.

    The probability of a combination is proportional to exp(-(a - b)^2 / (2 s^2)), a and b the two
    factors scaled to [0, 1], multiplied over the pairs; the smaller `strength` = s, the stronger. A
    name with a minus, ("scale", "-x"), is correlated negatively. One factor in all pairs is a
    confounder of the others.
    """
    if not strength > 0 or not pairs:
        raise ValueError(
            "a correlation takes pairs of factors and a strength above 0; "
            f"given {pairs}, {strength}"
        )
    # (N,): the logarithm of each row's probability, up to a constant
    log_weight = np.zeros(len(every_row(data)))
    for a, b in pairs:
        log_weight -= (_scaled(data, a) - _scaled(data, b)) ** 2 / (2 * strength**2)
    listed = ", ".join(f"{a} with {b}" for a, b in pairs)
    # the largest weight is 1, so that the others cannot all underflow
    weight = np.exp(log_weight - log_weight.max())
    return _drawn(data, weight, seed, f"correlated {listed}, s = {strength:g}")


def imbalanced(data: Dataset, factor: str, ratio: float, seed: int = 0) -> View:
    """As many rows as before; the first value of a factor is `ratio` times as frequent as its last.

    Frequencies fall geometrically from value to value.
    """
    if not ratio > 0:
        raise ValueError(f"the ratio is {ratio}; it has to be above 0")
    # 1 for the first value, 1 / ratio for the last, (N,)
    weight = ratio ** -_scaled(data, factor)
    return _drawn(data, weight, seed, f"{factor} imbalanced by {ratio:g}")


def without(data: Dataset, combination: Mapping[str, Sequence[int]]) -> tuple[View, View]:
    """(rows without, rows with) a combination of values.

    {"shape": [2], "x": [0, 1]} holds out hearts on the left.
    """
    # rows that have one of the values of each factor, (N,)
    is_out = np.ones(len(every_row(data)), dtype=bool)
    for factor, values in combination.items():
        is_out &= np.isin(_index(data, factor), _checked(data, factor, values))
    listed = ", ".join(f"{factor} in {list(values)}" for factor, values in combination.items())
    return _parted(data, is_out, f"combinations {listed}")


def extrapolation(data: Dataset, factor: str, fraction: float = 0.25) -> tuple[View, View]:
    """(training, test): the last `fraction` of the values of a factor are held out for the test."""
    size = data.factors.sizes[data.factors.index(factor)]
    count = round(size * fraction)
    if not 1 <= count < size:
        raise ValueError(
            f"{factor} has {size} values; a fraction of {fraction:g} leaves none on one side"
        )
    return _parted(data, _index(data, factor) >= size - count, f"extrapolation of {factor}")


def interpolation(data: Dataset, factor: str, every: int = 2) -> tuple[View, View]:
    """(training, test): each `every`-th value of a factor, except its ends, is held out."""
    size = data.factors.sizes[data.factors.index(factor)]
    index = _index(data, factor)
    # each n-th value but the ends, which would be an extrapolation
    is_out = (index % every == every - 1) & (index < size - 1) & (index > 0)
    if every < 2 or not is_out.any():
        raise ValueError(
            f"{factor} has {size} values; every {every}th between its ends cannot be held out"
        )
    return _parted(data, is_out, f"interpolation of {factor}")


def combinations(
    data: Dataset, bins: Mapping[str, int], fraction: float = 0.25, seed: int = 0
) -> tuple[View, View]:
    """(training, test): a random `fraction` of the combinations of some factors is held out.

    bins: {factor: number of equal parts of its values that count as one value each, 0 for the
    values themselves}: {"shape": 0, "x": 2} makes combinations of a shape and a half of x. Each
    value, or part, of each factor is still seen in training.
    """
    parts = [_parts(data, factor, count) for factor, count in bins.items()]
    # cells (C, F): the different combinations of the F factors; cell (N,): the one of each row
    cells, cell = np.unique(np.stack(parts, 1), axis=0, return_inverse=True)
    count = round(len(cells) * fraction)
    rng = np.random.default_rng(fold(seed, "combinations", *bins))
    about = f"{count} of {len(cells)} combinations of {', '.join(bins)}"
    # at random until each value of each factor is in a cell that is not held out
    rounds = 0
    if 0 < count < len(cells):
        rounds = ROUNDS
    for _ in range(rounds):
        chosen = rng.choice(len(cells), size=count, replace=False)
        is_out = np.isin(np.arange(len(cells)), chosen)  # (C,)
        if all(len(np.unique(c[~is_out])) == len(np.unique(c)) for c in cells.T):
            return _parted(data, is_out[cell.reshape(-1)], about)
    raise ValueError(f"{about} cannot be held out with every value seen in training")


def mislabelled(data: Dataset, factors: Sequence[str], fraction: float, seed: int = 0) -> Dataset:
    """The same images with labels that are wrong with probability `fraction`.

    factors: those whose labels may be wrong; all if none is named.

    See `Mislabelled` for what uses these labels. Shifts that choose rows use the true factors, so
    the order of shifts does not matter.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"the fraction is {fraction}; it has to be from 0 to 1")
    of = data.whole
    places = list(range(len(data.factors.sizes)))
    about = f"{fraction:.0%} of the labels"
    if factors:
        places = [data.factors.index(factor) for factor in factors]
        about += f" of {', '.join(factors)}"
    about += " wrong; "
    wrong = Mislabelled(of, places, fraction, seed, about + of.about)
    if data.base_rows is None:
        return wrong
    return View(wrong, data.base_rows, about + data.about, data.y, data.class_names)


def _drawn(data: Dataset, weight: NDArray[np.float64], seed: int, about: str) -> View:
    """N rows drawn in proportion to their weights, each its expected number of times +-1.

    By systematic sampling.
    """
    rng = np.random.default_rng(fold(seed, about))
    # (N,): where the share of [0, 1) of each row ends; N even points from a random start hit these
    total = np.cumsum(weight / weight.sum())
    points = (np.arange(len(data)) + rng.random()) / len(data)
    # rounding can leave the last share a little below 1
    rows = np.minimum(np.searchsorted(total, points, side="right"), len(data) - 1)
    return _view(data, rows, about)


def _parted(data: Dataset, is_out: NDArray[np.bool_], about: str) -> tuple[View, View]:
    """(the rows that are not held out, those that are). ValueError if one side is empty."""
    if is_out.all() or not is_out.any():
        raise ValueError(f"{about}: {data.name} would leave one side without a row")
    training = _view(data, np.flatnonzero(~is_out), f"without {about}")
    test = _view(data, np.flatnonzero(is_out), f"only {about}")
    return training, test


def _view(data: Dataset, rows: NDArray[np.int64], about: str) -> View:
    return subset(data, rows, f"{about}; {data.about}")


def _all(data: Dataset) -> NDArray[np.int64]:
    return data.factors_at(every_row(data))


def _index(data: Dataset, factor: str) -> NDArray[np.int64]:
    """The index (N,) of a factor in each row."""
    return _all(data)[:, data.factors.index(factor)]


def _parts(data: Dataset, factor: str, count: int) -> NDArray[np.int64]:
    """Which of `count` equal parts of a factor's values rows show, (N,); its index if 0."""
    size = data.factors.sizes[data.factors.index(factor)]
    if not 0 <= count <= size:
        raise ValueError(f"{factor} has {size} values; it cannot be cut into {count} parts")
    return _index(data, factor) * (count or size) // size


def _scaled(data: Dataset, factor: str) -> NDArray[np.float64]:
    """A factor of all rows (N,) from 0 to 1, or from 1 to 0 if its name has a minus."""
    plain = factor.removeprefix("-")
    size = data.factors.sizes[data.factors.index(plain)]
    share = _index(data, plain) / max(size - 1, 1)
    if factor.startswith("-"):
        return 1 - share
    return share


def _checked(data: Dataset, factor: str, values: Sequence[int]) -> list[int]:
    """The values of a factor; ValueError for one that it does not have."""
    size = data.factors.sizes[data.factors.index(factor)]
    for value in values:
        if not 0 <= value < size:
            raise ValueError(f"{factor} has no value {value}; it counts from 0 to {size - 1}")
    return list(values)
