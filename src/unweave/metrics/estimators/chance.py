"""Expected information between unrelated columns by chance, in closed form.

If the rows of one column are permuted, the number of rows in a cell is hypergeometric, given the
sizes a of its code bin and b of its level among N rows. So what an estimator finds by chance is a
sum over the cells, with no permutation drawn. A cell that expects 8 rows or more takes its
second-order expansion, in which all other cells would be off.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from unweave.metrics.estimators.entropies import corrections

DENSE = 8.0  # expected rows from which the expansion is right to 1e-3 of a row's share
TAIL = 1e-16
MANY = 10_000  # cells from which their sums are kept
MOST = 100_000  # rows up to which they are: 30 MB
LARGEST = 4096  # size of a bin or level up to which they are
AT_ONCE = 4096  # cells whose numbers fit in the processor's cache


def by_chance(
    codes: np.ndarray,
    alike: np.ndarray,
    firsts: np.ndarray,
    factors: list[np.ndarray],
    spread: np.ndarray,
    single: np.ndarray,
) -> np.ndarray:
    """Information in nats that D codes and K factors seem to share if they are unrelated, (D, K).

    codes: the rows in each bin where a factor is known, (B, A), the bins of one code after another.
    alike: which of these columns factor k has, (K,). firsts: (D,), the first bin of each code.
    factors: for every factor the rows in each level. spread: (K,), the variance of the rows'
    weights w, whose mean is 1; 0 if all weigh the same. single: (K,), the mean of w log w.
    """
    found = np.zeros((len(firsts), len(factors)))
    for column in range(codes.shape[1]):
        same = np.flatnonzero(alike == column)
        weights = (float(spread[same[0]]), float(single[same[0]]))
        of_factors = [factors[k] for k in same]
        found[:, same] = _of_alike(codes[:, column], firsts, of_factors, weights)
    return found


def _of_alike(
    codes: np.ndarray, firsts: np.ndarray, factors: list[np.ndarray], weights: tuple[float, float]
) -> np.ndarray:
    """Information by chance (D, K) for bins of so many rows (B,), in all of which the factors are known."""
    n = max(int(factors[0].sum()), 1)
    # cells of bins and levels of equal size expect the same, so each pair of sizes is computed once
    bins, of_bin = np.unique(codes, return_inverse=True)
    levels, of_level = np.unique(np.concatenate(factors), return_inverse=True)
    factor = np.repeat(np.arange(len(factors)), [len(rows) for rows in factors])
    times = np.zeros((len(levels), len(factors)))  # of each size among the levels of a factor
    np.add.at(times, (of_level, factor), 1)
    joint = _expected(bins, levels, n, weights) @ times  # (sizes of bins, K)
    of_codes = np.add.reduceat((joint - _terms(bins, *weights)[:, None])[of_bin], firsts, 0)
    of_levels = _terms(levels, *weights) @ times
    return (_terms(np.array([n]), *weights) + of_codes - of_levels) / n


def _expected(
    codes: np.ndarray, levels: np.ndarray, n: int, weights: tuple[float, float]
) -> np.ndarray:
    """Expected term of each cell, (B, L), of bins of so many rows (B,) and levels of so many rows
    (L,), both ascending.
    """
    terms = _expansion(codes.astype(np.float64), levels.astype(np.float64), n, weights[0])
    # cells with few expected rows are summed exactly
    a, b = _sparse(codes, levels, n)
    terms[a, b] = _exactly(codes[a], levels[b], n, weights)
    if np.array_equal(codes, levels):  # of which each pair is given once
        terms[b, a] = terms[a, b]
    return terms


def _sparse(codes: np.ndarray, levels: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Places (S,) of the bins and levels, both ascending, whose cells expect fewer rows than `DENSE`.

    Of bins and levels of the same sizes, each pair once.
    """
    most = np.where(codes > 0, DENSE * n / np.maximum(codes, 1), np.inf)
    ends = np.searchsorted(levels, most)  # (B,)
    starts = np.arange(len(codes)) if np.array_equal(codes, levels) else np.zeros(len(codes), int)
    counts = np.maximum(ends - starts, 0)
    a = np.repeat(np.arange(len(codes)), counts)
    return a, np.arange(len(a)) - np.repeat(np.cumsum(counts) - counts - starts, counts)


def _expansion(a: np.ndarray, b: np.ndarray, n: int, spread: float) -> np.ndarray:
    """Expected terms (B, L) to second order: variance of the count, half a row of correction,
    variance of the weights.
    """
    mean = a / n
    log_a = np.log(np.maximum(a, 1) / n)
    log_b = np.log(np.maximum(b, 1))
    variance = (1 - b / n) * (n / max(n - 1, 1)) / 2
    rest = np.full(len(b), (spread - 1) / 2)
    # mean b (log a + log b) + (1 - mean) variance + rest, by one product
    of_codes = np.stack([mean * log_a, mean, 1 - mean, np.ones(len(a))], 1)
    return of_codes @ np.stack([b, b * log_b, variance, rest])


def _exactly(a: np.ndarray, b: np.ndarray, n: int, weights: tuple[float, float]) -> np.ndarray:
    """The sum over the counts c that a cell can have of P(c) times their term, for cells (S,)."""
    if len(a) < MANY or n > MOST or weights != (0.0, 0.0):
        return _sums(a, b, n, weights)
    # replicates of a table of many codes meet nearly the same sizes again, so what was found is kept
    least = np.minimum(a, b)
    most = np.minimum(np.maximum(a, b), LARGEST)
    kept = _kept_sums(n)
    found = kept[least, most]
    missing = np.isnan(found) | (np.maximum(a, b) >= LARGEST)
    found[missing] = _sums(a[missing], b[missing], n, weights)
    kept[least[missing], most[missing]] = found[missing]
    return found


@lru_cache(maxsize=4)
def _kept_sums(n: int) -> np.ndarray:
    """Sums of cells among n rows, by the smaller and the larger of their two sizes; NaN until found."""
    return np.full((math.isqrt(int(DENSE * n)) + 1, LARGEST + 1), np.nan)


def _sums(a: np.ndarray, b: np.ndarray, n: int, weights: tuple[float, float]) -> np.ndarray:
    """The sums of `_exactly`, some cells at a time."""
    most = np.minimum(a, b)
    values = _terms(np.arange(int(most.max(initial=0)) + 1), *weights)
    pieces = range(0, len(a), AT_ONCE)
    sums = [_summed(a[i : i + AT_ONCE], b[i : i + AT_ONCE], n, values) for i in pieces]
    return np.concatenate(sums) if sums else np.zeros(0)


def _summed(a: np.ndarray, b: np.ndarray, n: int, values: np.ndarray) -> np.ndarray:
    """The sum over c of P(c) values[c] for cells (S,): as many as the processor's cache holds."""
    rows = np.maximum(a + b - n, 0)  # (S,): the count of this round, from the least possible
    most = np.minimum(a, b)
    chance = _first(a, b, n, rows)
    mean = a * b / n
    total = np.zeros(len(a))
    for _ in range(int((most - rows).max()) + 1):
        total += chance * values[rows]
        # P(c + 1) / P(c) of the hypergeometric distribution
        chance *= ((a - rows) * (b - rows)) / ((rows + 1) * (n - a - b + rows + 1))
        rows = np.minimum(rows + 1, most)
        if ((chance < TAIL) & (rows > mean)).all():
            break
    return total


def _first(a: np.ndarray, b: np.ndarray, n: int, least: np.ndarray) -> np.ndarray:
    """Hypergeometric probability of the least count that a cell can have."""
    logs = _log_factorials(1 << n.bit_length())

    def choose(m: np.ndarray | int, c: np.ndarray) -> np.ndarray:
        return logs[m] - logs[c] - logs[m - c]

    return np.exp(choose(a, least) + choose(n - a, b - least) - choose(n, b))


@lru_cache(maxsize=8)
def _log_factorials(size: int) -> np.ndarray:
    """Log n! for n from 0 to `size`."""
    from scipy.special import gammaln

    return gammaln(np.arange(size + 1) + 1.0)


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
