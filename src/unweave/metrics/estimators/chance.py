"""Expected information between unrelated columns by chance, in closed form.

If the rows of one column are permuted, the number of rows in a cell is hypergeometric, given the
sizes a of its code bin and b of its level among N rows. So what an estimator finds by chance is a
sum over the cells, with no permutation drawn. A cell that expects 8 rows or more takes its
second-order expansion, in which all other cells would be off.
"""

from __future__ import annotations

import numpy as np

from unweave.metrics.estimators.entropies import corrections

DENSE = 8.0  # expected rows from which the expansion is right to 1e-3 of a row's share
TAIL = 1e-12


def by_chance(codes: list[np.ndarray], factors: list[np.ndarray], spread: np.ndarray, single: np.ndarray) -> np.ndarray:
    """Information in nats that D codes and K factors seem to share if they are unrelated, (D, K).

    codes: for every code the rows in each bin where factor k is known, (B, K). factors: for every
    factor the rows in each level. spread: (K,), the variance of the rows' weights w, whose mean is
    1; 0 if all weigh the same. single: (K,), the mean of w log w.
    """
    # the bins of all codes one after the other, (sum of B, K), and where those of each code start
    firsts = np.cumsum([0, *map(len, codes[:-1])])
    of_codes = np.concatenate(codes)
    found = np.zeros((len(codes), len(factors)))
    for k, levels in enumerate(factors):
        n = max(int(levels.sum()), 1)
        weights = (float(spread[k]), float(single[k]))
        # levels of equal size expect the same, so each size is computed once
        sizes, times = np.unique(levels[levels > 0], return_counts=True)
        joint = _expected(of_codes[:, k], sizes, n, weights) @ times
        of_code = np.add.reduceat(joint - _terms(of_codes[:, k], *weights), firsts)
        of_levels = _terms(sizes, *weights) @ times
        found[:, k] = (_terms(np.array([n]), *weights) + of_code - of_levels) / n
    return found


def _expected(codes: np.ndarray, levels: np.ndarray, n: int, weights: tuple[float, float]) -> np.ndarray:
    """Expected term of each cell, (B, L), of bins of so many rows (B,) and levels of so many rows
    (L,).
    """
    a = codes[:, None].astype(np.float64)
    b = levels[None].astype(np.float64)
    terms = _expansion(a, b, n, weights[0])  # (B, L)
    # cells with few expected rows, (S,), are summed exactly
    sparse = (a * b / n < DENSE) & (a > 0)
    a, b = (x[sparse] for x in np.broadcast_arrays(a, b))
    terms[sparse] = _exactly(a, b, n, weights)
    return terms


def _expansion(a: np.ndarray, b: np.ndarray, n: int, spread: float) -> np.ndarray:
    """Expected terms (B, L) to second order: variance of the count, half a row of correction,
    variance of the weights.
    """
    expected = a * b / n
    variance = (1 - a / n) * (1 - b / n) * n / max(n - 1, 1)
    logs = np.log(np.where(a > 0, expected, 1))
    return np.where(a > 0, expected * logs + (variance - 1 + spread) / 2, 0.0)


def _exactly(a: np.ndarray, b: np.ndarray, n: int, weights: tuple[float, float]) -> np.ndarray:
    """The sum over the counts c that a cell can have of P(c) times their term, for cells (S,)."""
    if not len(a):
        return np.zeros(0)
    rows = np.maximum(a + b - n, 0)  # (S,): the count of this round, from the least possible
    most = np.minimum(a, b)
    chance = _first(a, b, n, rows)
    last = int(most.max())
    values = _terms(np.arange(last + 1), *weights)
    total = np.zeros(len(a))
    for _ in range(last + 1):
        total += chance * values[rows.astype(np.int64)]
        # P(c + 1) / P(c) of the hypergeometric distribution
        chance = chance * ((a - rows) * (b - rows)) / ((rows + 1) * (n - a - b + rows + 1))
        rows = np.minimum(rows + 1, most)
        if ((chance < TAIL) & (rows > a * b / n)).all():
            break
    return total


def _first(a: np.ndarray, b: np.ndarray, n: int, least: np.ndarray) -> np.ndarray:
    """Hypergeometric probability of the least count that a cell can have."""
    from scipy.special import gammaln

    def choose(m: np.ndarray | int, c: np.ndarray) -> np.ndarray:
        return gammaln(m + 1.0) - gammaln(c + 1) - gammaln(m - c + 1)

    return np.exp(choose(a, least) + choose(n - a, b - least) - choose(n, b))


def _terms(rows: np.ndarray, spread: float, single: float) -> np.ndarray:
    """Expected terms c (log c + S(n) - log n) of cells of n rows, (S,), whose mass c is a sum of n
    weights.

    The mass is taken as gamma-distributed with mean n and variance n * spread, for which the mean
    of c log c is n (psi(n / spread + 1) + log spread). What that misses of one row's `single` falls
    off as 1 / n.
    """
    from scipy.special import digamma

    n = rows.astype(np.float64)
    if spread < 1e-9:
        terms = n * np.log(np.maximum(n, 1))
    else:
        missed = single - (digamma(1 / spread + 1) + np.log(spread))
        of_one_row = np.where(n > 0, missed / np.maximum(n, 1), 0)
        terms = n * (digamma(n / spread + 1) + np.log(spread)) + of_one_row
    return terms + n * corrections(int(rows.max(initial=0)))[rows]
