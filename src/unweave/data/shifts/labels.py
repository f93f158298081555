"""Labelled rows for semi-supervised training: how many, which factors, how imperfect.

Locatello et al. (2020), "Disentangling factors of variation using few labels", section 3: 100 or
1,000 labels, perfect, binned, noisy, partial or permuted. The labels are a table fixed by the seed,
not drawn anew at each step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.sampling.listed_cells import ListedCells
from unweave.data.subsets import every_row
from unweave.seeds import fold
from unweave.settings import as_option

KINDS = ("perfect", "binned", "noisy", "permuted")


def labelled(
    data: Dataset,
    seed: int,
    *,
    count: int = 100,
    kind: str = "perfect",
    observed: Sequence[str] = (),
    strength: float = 0.0,
) -> tuple[NDArray[np.int64], NDArray[np.floating] | None]:
    """(rows (n,), v (n, K) or None): labelled rows, and factors as indices from 0, NaN if missing.

    count: how many rows are labelled, 0 for all that can be. Classes get equally many, as far as
        they have rows.
    kind: "perfect"; "binned" into `strength` bins (5), a value becoming the middle of its bin, so
        that it keeps its unit; "noisy": each label replaced by a uniform one with probability
        `strength` (.1); "permuted": the values of each factor renamed by a random permutation,
        which destroys their order.
    observed: the factors that are labelled, all unless named; the others are NaN.

    v is float32, or float64 if float32 cannot represent a label exactly. ValueError for a factor
    that is no index, except if no factor is one and there are classes to learn from.
    """
    if kind not in KINDS:
        raise ValueError(f"there are no labels of kind {kind!r}; known: {', '.join(KINDS)}")
    rows = _rows(data, count, np.random.default_rng(fold(seed, "labelled rows")))
    names = data.info.factor_names
    sizes = data.info.factor_sizes
    if not names:
        if observed or kind != "perfect":
            raise ValueError(
                f"{data.name} has classes and no factors: leave out observed and label_kind"
            )
        return rows, None
    v = data.observed_factors(rows)  # (n, K): indices of a grid, float64 of a table
    v = v.astype(np.float32) if data.grid is not None else v.copy()
    if observed:
        unknown = [factor for factor in observed if factor not in names]
        if unknown:
            raise ValueError(f"{data.name} has no factor {unknown[0]!r}; it has {', '.join(names)}")
        # labels that are not observed are missing
        hidden = [k for k, name in enumerate(names) if name not in observed]
        v[:, hidden] = np.nan
    if data.y is None or any(sizes):
        _refuse_measurements(data, v, names, sizes)
    for k, size in enumerate(sizes):
        if size > 1 and kind != "perfect":
            rng = np.random.default_rng(fold(seed, kind, names[k]))
            v[:, k] = _spoil(v[:, k], size, kind, strength, rng)
    return rows, _single(v)


def _rows(data: Dataset, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` rows (n,) of those with a label, in order; all of them if it is 0."""
    known = _known(data)
    number = labels(data)
    if count > number:
        raise ValueError(f"{count} labels wanted, but {data.name} has {number} rows with labels")
    if count:
        return _choose(data, number if known is None else known, count, rng)
    if known is None:
        return every_row(data)
    return known


def labels(data: Dataset) -> int:
    """How many rows can be labelled. ValueError if none can."""
    known = _known(data)
    if known is None:
        return len(data)
    return len(known)


def _known(data: Dataset) -> NDArray[np.int64] | None:
    """The rows with a label; None for all, which may be too many to list on a continuous grid."""
    if data.grid is not None or data.y is not None:
        return None
    if data.labels is None:
        raise ValueError(
            f"{data.name} has no labels; "
            "give factors.csv or sub-folders as classes, or data with factors"
        )
    return np.flatnonzero(~np.isnan(data.labels).all(1))


def _choose(
    data: Dataset, known: NDArray[np.int64] | int, count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """`count` rows at random, in order, of the known ones; equally many of each class, if any."""
    if data.y is None:
        return np.sort(rng.choice(known, size=count, replace=False))
    cells = ListedCells(data.y)
    # rows (N,): class after class, each shuffled; turn (N,): the place of each row within its class
    shuffled = [rng.permutation(n) for n in cells.counts]
    rows = np.concatenate([cells.order[s + p] for s, p in zip(cells.starts, shuffled, strict=True)])
    turn = np.concatenate([np.arange(n) for n in cells.counts])
    # the first row of each class, then the second of each, and so on
    return np.sort(rows[np.argsort(turn, kind="stable")][:count])


def _single(v: NDArray[np.floating]) -> NDArray[np.floating]:
    """Labels as float32, unless that would change them."""
    single = v.astype(np.float32)
    if np.array_equal(single, v, equal_nan=True):
        return single
    return v


def _refuse_measurements(
    data: Dataset, v: NDArray[np.floating], names: Sequence[str], sizes: Sequence[int]
) -> None:
    """ValueError for a factor whose labels (n, K) are not indices below its size."""
    for k, (name, size) in enumerate(zip(names, sizes, strict=True)):
        given = v[~np.isnan(v[:, k]), k]
        odd = given[(given != np.rint(given)) | (given < 0) | (given >= size)]
        if len(odd):
            why = "and it is a number and no index from 0"
            if size:
                why = f"which are indices from 0 to {size - 1}"
            raise ValueError(
                f"factor {name!r} of {data.name} has the label {odd[0]:.12g}, {why}: "
                "supervision by labels needs few different values (bins, say), "
                f"or leave this factor out by {as_option('observed', 'OTHERS')}"
            )


def _spoil(
    v: NDArray[np.floating], size: int, kind: str, strength: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Labels (n,) of a factor of `size` values, made noisy, binned or permuted; NaN stays NaN."""
    missing = np.isnan(v)
    if kind == "noisy":
        # a uniform label, which may be the right one, with probability `strength`
        wrong = rng.random(len(v)) < (strength or 0.1)
        new = np.where(wrong, rng.integers(size, size=len(v)), v)
    elif kind == "binned":
        bins = min(int(strength) or 5, size)
        # (bins + 1,): bin i has the values edges[i] to edges[i + 1] - 1
        edges = np.arange(bins + 1) * size // bins
        of = np.searchsorted(edges, np.where(missing, 0, v), side="right") - 1  # (n,): its bin
        new = (edges[of] + edges[of + 1] - 1) // 2
    else:
        new = rng.permutation(size)[np.where(missing, 0, v).astype(np.int64)]
    return np.where(missing, np.nan, new).astype(np.float32)
