"""Mutual information from contingency tables of codes by factors, in nats: plug-in, or corrected.

Plug-in information is biased by about (cells - bins - levels + 1) / 2N, and by much more where
cells hold few rows. The library's own takes three steps, chosen by measurement among eight
(`docs/estimators.md`):

1. entropies with Schürmann's correction (`entropies`), which are right where cells hold a few rows
    each;
2. less what unrelated columns with the same margins seem to share (`chance`), so that noise scores
   0 on average however sparse the table is;
3. stretched so that a code that determines the factor, or is determined by it, keeps all of its
   information, I = (found - chance) / (most - chance) * most with most = min(H(z), H(v)); the form
   of adjusted mutual information (Vinh et al., 2010).

What is left is a bias of tables with fewer than some 5 rows for each level, where a code knows part
of a factor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from unweave.metrics.estimators.cells import Cells, Levels
from unweave.metrics.estimators.chance import by_chance
from unweave.metrics.estimators.counts import Counts, parts


@dataclass(frozen=True)
class Information:
    """Mutual information and entropies of D codes and K factors, in nats.

    mutual: I(z_j; v_k), (D, K). uncut: the same before it is cut at 0, for sums and shares, in
        which the cut would turn noise about 0 into information. joint: H(z_j, v_k), (D, K). codes:
        H(z_j) over the rows where v_k is known, (D, K).
    factors: H(v_k), (K,). bins: the number of values that code j can take, (D,). estimator: in
        words.
    freedom: (bins - 1) (levels - 1) of those that occur, (D, K). rows: how many equally weighted
        rows know v_k, (K,).
    """

    mutual: np.ndarray
    uncut: np.ndarray
    joint: np.ndarray
    codes: np.ndarray
    factors: np.ndarray
    bins: np.ndarray
    freedom: np.ndarray
    rows: np.ndarray
    estimator: str


def from_indices(
    z: np.ndarray,
    v: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    corrected: bool,
    counts: Counts | None = None,
) -> Information:
    """Information between columns of indices from 0: z (N, D), v (N, K) with -1 where a factor is
    unknown.

    counts: of the rows in the cells, where these are known already. Columns that are given as their
        own factors, `from_indices(z, z)`, are counted once for each pair.
    """
    half = v is z
    if weights is not None:
        counted = weights > 0
        z = z[counted]
        v = z if half else v[counted]
        weights = weights[counted]
    values = z.max(0).astype(np.int64) + 1 if counts is None else counts.values
    levels = Levels(v, weights, None if counts is None else counts.layout)
    sums = _Sums.of(z, levels, values, corrected, counts, half)
    whole = levels.whole().terms(corrected)
    # H = log N - sum of terms / N, (D, K), (D, K), (K,)
    of_factors = levels.layout.by_factor(sums.levels.terms(corrected))
    h_joint, h_codes, h_factors = (
        np.maximum((whole - sum_of_terms) / levels.n, 0)
        for sum_of_terms in (sums.joint, sums.codes[:, levels.alike], of_factors)
    )
    uncut = h_codes + h_factors - h_joint
    firsts = np.cumsum(values) - values
    if corrected:
        layout = levels.layout
        of_levels = [sums.levels.rows[i:j] for i, j in zip(layout.starts, layout.ends, strict=True)]
        chance = by_chance(sums.bins, levels.alike, firsts, of_levels, levels.spread, levels.single)
        uncut = stretched(uncut, chance, np.minimum(h_codes, h_factors))
    # (bins - 1) (levels - 1) of those that occur, (D, K)
    bins_seen = np.add.reduceat(sums.bins > 0, firsts, 0, dtype=np.int64)[:, levels.alike]
    levels_seen = levels.layout.by_factor((sums.levels.rows > 0).astype(np.int64))
    form = "chance-corrected" if corrected else "plug-in"
    return Information(
        mutual=np.maximum(uncut, 0),
        uncut=uncut,
        joint=h_codes + h_factors - uncut,
        codes=h_codes,
        factors=h_factors,
        bins=sums.found,
        freedom=(bins_seen - 1) * (levels_seen - 1),
        rows=levels.n / (1 + levels.spread),  # Kish's number
        estimator=f"{form} mutual information",
    )


@dataclass(frozen=True)
class _Sums:
    """Sums over contingency tables of D codes by K factors.

    joint: of the entropies' terms of the cells, (D, K). codes: of those of the codes' bins, (D, A),
    A as of `Levels.alike`. bins: rows in the bins of all codes where a factor is known, (sum of
    bins, A). found: the number of values that code j can take in these rows, (D,). levels: the
    cells of the factors' levels, (L,).
    """

    joint: np.ndarray
    codes: np.ndarray
    bins: np.ndarray
    found: np.ndarray
    levels: Cells

    @staticmethod
    def of(
        z: np.ndarray,
        levels: Levels,
        values: np.ndarray,
        corrected: bool,
        counts: Counts | None,
        half: bool,
    ) -> _Sums:
        """Some codes at a time; half: codes and factors are the same columns, all of whose rows are known."""
        d = len(values)
        lasts = np.cumsum(values)
        alike = int(levels.alike.max()) + 1
        sums = _Sums(
            np.empty((d, len(levels.alike))),
            np.empty((d, alike)),
            np.empty((int(values.sum()), alike), np.int64),
            np.empty(d, np.int64),
            levels.whole(),
        )
        for i, (codes, first) in enumerate(parts(values, levels.layout, half)):
            rows = None if counts is None else counts.rows[i]
            cells = levels.cells(z[:, codes], values[codes], rows, first)
            layout = levels.layout.since(first)
            firsts = np.cumsum(values[codes]) - values[codes]
            of_codes = cells.each(partial(levels.where_known, first=first))  # (B, A)
            sums.codes[codes] = np.add.reduceat(of_codes.terms(corrected), firsts, 0)
            sums.bins[lasts[codes.start] - values[codes.start] : lasts[codes.stop - 1]] = (
                of_codes.rows
            )
            of_first = cells.rows[:, : layout.sizes[0]].sum(1)  # (B,), unknown or not
            sums.found[codes] = _highest(of_first, values[codes]) + 1
            sums.joint[codes, first:] = layout.by_factor(
                np.add.reduceat(cells.terms(corrected), firsts, 0)
            )
            if i == 0:  # the same from every code
                of_levels = cells.each(lambda table: table[: int(values[0])].sum(0))
        if half:
            below = np.tril_indices(d, -1)
            sums.joint[below] = sums.joint.T[below]
        return replace(sums, levels=of_levels)


def _highest(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The last bin of each code (D,) that has rows, of the rows in the bins of all codes (B,).

    >>> print(_highest(np.array([5, 0, 2, 7, 0]), np.array([3, 2])))
    [2 0]
    """
    firsts = np.cumsum(values) - values
    bins = np.arange(len(rows)) - np.repeat(firsts, values)
    return np.maximum.reduceat(np.where(rows > 0, bins, 0), firsts)


def stretched(found: np.ndarray, chance: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Information beyond chance, on the scale where chance is 0 and the most there can be stays
    what it is.

    0 where chance alone gives the most: nearly every row then has a level of its own.

    >>> print(stretched(np.array([0.5, 1.0, 2.0]), np.array([0.5, 0.5, 2.0]), np.array([1.5, 1.0, 2.0])))
    [0. 1. 0.]
    """
    room = most - chance
    share = (found - chance) / np.where(room > 1e-3 * most, room, np.inf)
    return np.clip(share, -1, 1) * most
