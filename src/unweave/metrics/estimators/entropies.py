"""Entropies from counts, in nats: plug-in, or with Schürmann's correction.

Plug-in takes c log c of every cell. The correction takes c S(c) in its place (Schürmann, 2004, eq.
24 and 28),

    S(c) = psi(c) + (-1)^c J(c),   J(c) = integral of x^(c - 1) / (1 + x) from 0 to 1/xi - 1,

with psi the digamma function; its mean over samples is near the truth also where a cell holds few
rows. xi = exp(-1/2) is his choice between 1, the digamma function alone, whose bias is larger, and
1/2, Grassberger's estimator, in which a row more or less moves every cell by half a row, so that
the jackknife measures noise. With weights a cell has a mass, the sum of its weights, beside its
number of rows, and only the correction counts rows: mass (log mass + S(rows) - log rows).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

XI = math.exp(-0.5)
TAIL = 64  # J(64) is 1e-14


def entropy(mass: np.ndarray) -> float:
    """Plug-in entropy of counts or masses in nats; 0 if there are none.

    >>> print(round(entropy(np.array([5, 5])), 4), entropy(np.array([0])))
    0.6931 0.0
    """
    mass = mass.astype(np.float64)
    total = mass.sum()
    if not total > 0:
        return 0.0
    return float(max(np.log(total) - plug_in(mass).sum() / total, 0.0))


def plug_in(mass: np.ndarray) -> np.ndarray:
    """Mass times its logarithm, 0 where there is none."""
    return mass * np.log(np.where(mass > 0, mass, 1))


def corrected(mass: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Mass times (log mass + S(rows) - log rows), 0 where there is none."""
    return plug_in(mass) + mass * corrections(int(rows.max(initial=0)))[rows]


def of_counts(rows: np.ndarray, correct: bool) -> np.ndarray:
    """`plug_in` of whole numbers of rows, or `corrected`: looked up, since few numbers occur.

    >>> print(of_counts(np.array([0, 1, 2]), correct=False).round(4))
    [0.     0.     1.3863]
    """
    return _of_counts(_size(int(rows.max(initial=0))), correct)[rows]


def corrections(most: int) -> np.ndarray:
    """S(n) - log n for n from 0 to at least `most`; 0 for n = 0.

    >>> print((corrections(4)[1:5] + np.log(np.arange(1, 5))).round(4))  # S(1) = -gamma - 1/2
    [-1.0772  0.5715  0.8611  1.2854]
    """
    return _corrections(_size(most))


def _size(most: int) -> int:
    """The length of a table of the numbers from 0 to `most`: a power of two, so that few occur."""
    return 1 << max(most, 1).bit_length()


@lru_cache(maxsize=16)
def _of_counts(size: int, correct: bool) -> np.ndarray:
    rows = np.arange(size)
    mass = rows.astype(np.float64)
    if correct:
        return corrected(mass, rows)
    return plug_in(mass)


@lru_cache(maxsize=8)
def _corrections(size: int) -> np.ndarray:
    from scipy.special import digamma

    n = np.arange(1, size, dtype=np.float64)
    found = digamma(n) - np.log(n)
    reach = 1 / XI - 1
    tail = np.log1p(reach)  # J(1)
    # J(c + 1) = (1/xi - 1)^c / c - J(c), since x^c / (1 + x) = x^(c - 1) - x^(c - 1) / (1 + x)
    for c in range(1, min(size, TAIL)):
        found[c - 1] += (-1) ** c * tail
        tail = reach**c / c - tail
    return np.concatenate([[0.0], found])
