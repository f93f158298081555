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

from dataclasses import dataclass

import numpy as np

from unweave.metrics.estimators.cells import Levels
from unweave.metrics.estimators.chance import by_chance


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


def from_indices(z: np.ndarray, v: np.ndarray, weights: np.ndarray | None = None, *, corrected: bool) -> Information:
    """Information between columns of indices from 0: z (N, D), v (N, K) with -1 where a factor is
    unknown.
    """
    if weights is not None:
        counted = weights > 0
        z = z[counted]
        v = v[counted]
        weights = weights[counted]
    levels = Levels(v, weights)
    values = z.max(0) + 1
    joint: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    margins: list[np.ndarray] = []
    # sums of the entropies' terms, (codes, K) each: of the cells, and of the codes' bins
    for cells, firsts in levels.tables(z, values):
        of_codes = cells.each(levels.by_factor)  # (B, K)
        joint.append(levels.by_factor(np.add.reduceat(cells.terms(corrected), firsts, 0)))
        codes.append(np.add.reduceat(of_codes.terms(corrected), firsts, 0))
        margins.append(of_codes.rows)
    of_factor = cells.each(lambda table: table[firsts[-1] :].sum(0))  # (L,), the same from every code
    whole = levels.whole().terms(corrected)
    # H = log N - sum of terms / N, (D, K), (D, K), (K,)
    found = [np.concatenate(joint), np.concatenate(codes), levels.by_factor(of_factor.terms(corrected))]
    h_joint, h_codes, h_factors = (np.maximum((whole - terms) / levels.n, 0) for terms in found)
    uncut = h_codes + h_factors - h_joint
    of_bins = np.concatenate(margins)  # rows in the bins of all codes, (sum of bins, K)
    firsts = np.cumsum(values) - values
    if corrected:
        of_levels = [of_factor.rows[i : j - 1] for i, j in zip(levels.starts, levels.ends, strict=True)]
        chance = by_chance(of_bins, firsts, of_levels, levels.spread, levels.single)
        uncut = stretched(uncut, chance, np.minimum(h_codes, h_factors))
    # (bins - 1) (levels - 1) of those that occur, (D, K)
    levels_seen = levels.by_factor(of_factor.rows > 0)
    freedom = (np.add.reduceat(of_bins > 0, firsts, 0, dtype=np.int64) - 1) * (levels_seen - 1)
    form = "chance-corrected" if corrected else "plug-in"
    return Information(
        mutual=np.maximum(uncut, 0),
        uncut=uncut,
        joint=h_codes + h_factors - uncut,
        codes=h_codes,
        factors=h_factors,
        bins=values,
        freedom=freedom,
        rows=levels.n / (1 + levels.spread),  # Kish's number
        estimator=f"{form} mutual information",
    )


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
