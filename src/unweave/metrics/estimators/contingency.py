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

from unweave.metrics.estimators import entropies
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


@dataclass(frozen=True)
class Cells:
    """Cells of a contingency table, factor after factor along the last axis: masses and numbers of
    rows, (..., L) each.
    """

    mass: np.ndarray
    rows: np.ndarray

    def terms(self, corrected: bool) -> np.ndarray:
        """The amount, times N, by which each cell lowers an entropy."""
        if corrected:
            return entropies.corrected(self.mass, self.rows)
        return entropies.plug_in(self.mass)


class Levels:
    """The levels of K factors, v (N, K) with -1 where unknown, laid out one factor after the other."""

    def __init__(self, v: np.ndarray, weights: np.ndarray | None) -> None:
        self.ends = np.cumsum(v.max(0) + 2)  # one cell more per factor, for the rows where it is unknown
        self.starts = np.concatenate([[0], self.ends[:-1]])
        self.place = np.where(v < 0, self.ends - 1, v + self.starts)  # (N, K)
        self.n = np.maximum((v >= 0).sum(0), 1)
        self.weights = None
        self.spread = np.zeros(v.shape[1])
        self.single = np.zeros(v.shape[1])
        if weights is not None and np.ptp(weights) > 0:
            of_known = np.where(v >= 0, weights[:, None], 0.0)
            total = np.maximum(of_known.sum(0), 1e-300)
            self.weights = weights[:, None] * (self.n / total)  # (N, K), of mean 1 where the factor is known
            of_known *= self.n / total
            self.spread = (of_known**2).sum(0) / self.n - 1
            self.single = entropies.plug_in(of_known).sum(0) / self.n

    def cells(self, z: np.ndarray, values: int) -> Cells:
        """The cells (values, L) of one column of codes (N,)."""
        length = int(self.ends[-1])
        # one number for each cell of each factor: (N, K) -> (N * K,)
        index = (z[:, None] * length + self.place).ravel()
        rows = np.bincount(index, minlength=values * length).reshape(values, length)
        if self.weights is None:
            return Cells(rows.astype(np.float64), rows)
        mass = np.bincount(index, self.weights.ravel(), values * length).reshape(values, length)
        return Cells(mass, rows)

    def by_factor(self, cells: np.ndarray) -> np.ndarray:
        """Sums over the levels of each factor, (..., K)."""
        # from each start to the cell of unknown rows, which is in the odd sums and left out
        bounds = np.stack([self.starts, self.ends - 1], 1).ravel()
        return np.add.reduceat(cells, bounds, -1)[..., ::2]


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
    # sums of the entropies' terms, (K,) for each code: of the cells, and of the code's bins
    for j in range(z.shape[1]):
        cells = levels.cells(z[:, j], int(values[j]))  # (bins, L)
        of_code = Cells(levels.by_factor(cells.mass), levels.by_factor(cells.rows))
        joint.append(levels.by_factor(cells.terms(corrected).sum(0)))
        codes.append(of_code.terms(corrected).sum(0))
        margins.append(of_code.rows)
    of_factor = Cells(cells.mass.sum(0), cells.rows.sum(0))  # (L,), the same from every code
    whole = Cells(levels.n.astype(np.float64), levels.n).terms(corrected)
    # H = log N - sum of terms / N, (D, K), (D, K), (K,)
    found = [np.stack(joint), np.stack(codes), levels.by_factor(of_factor.terms(corrected))]
    h_joint, h_codes, h_factors = (np.maximum((whole - terms) / levels.n, 0) for terms in found)
    uncut = h_codes + h_factors - h_joint
    if corrected:
        of_levels = [of_factor.rows[i : j - 1] for i, j in zip(levels.starts, levels.ends, strict=True)]
        chance = by_chance(margins, of_levels, levels.spread, levels.single)
        uncut = stretched(uncut, chance, np.minimum(h_codes, h_factors))
    # (bins - 1) (levels - 1) of those that occur, (D, K)
    levels_seen = levels.by_factor(of_factor.rows > 0)
    freedom = np.stack([(rows > 0).sum(0) - 1 for rows in margins]) * (levels_seen - 1)
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
