"""The theorem without a model: independent factors as their own code, and the twin of that code."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstest, norm, uniform

from unweave.evaluation.evaluate import evaluate
from unweave.evaluation.impossibility import entangle
from unweave.evaluation.scoring import DEFAULT
from unweave.metrics.base import Score

MARGINALS = (uniform(-1, 2), norm())  # of the two factors
SHARE = (1 - math.sqrt(0.5)) / 2  # of two columns: each code is half of either factor
ROWS = 20_000
SCORED = 4_000  # of them
LEVELS = 20  # metrics compare codes with this many equally frequent values of a factor


@dataclass(frozen=True)
class Codes:
    """Codes and what is measured of them.

    values: (N, 2). apart: largest distance between the distribution function of a column and that of its marginal
    (Kolmogorov and Smirnov). log_prior: (N,), nats, under the product of the marginals. scores: {metric: Score}.
    """

    values: NDArray[np.float64]
    apart: float
    log_prior: NDArray[np.float64]
    scores: dict[str, Score]


def factors_and_twin(seed: int = 0, rows: int = ROWS) -> tuple[Codes, Codes]:
    """Two independent factors as their own code, and the entangled twin of it, scored against the factors."""
    rng = np.random.default_rng([seed, 19])
    factors = np.stack([p.rvs(rows, random_state=rng) for p in MARGINALS], 1)
    levels = (factors.argsort(0).argsort(0) * LEVELS // rows).astype(float)
    return measured(factors, levels), measured(entangle(factors, MARGINALS, share=SHARE), levels)


def measured(codes: NDArray[np.float64], levels: NDArray[np.float64]) -> Codes:
    """What can be said of codes (N, 2) that should follow the marginals, beside the levels (N, 2) of the factors."""
    columns = list(zip(MARGINALS, codes.T, strict=True))
    apart = max(float(kstest(column, p.cdf).statistic) for p, column in columns)
    log_prior = np.sum([p.logpdf(column) for p, column in columns], 0)
    rows = codes[:SCORED], levels[:SCORED]
    dependence = evaluate(rows, ["total_correlation", "dhsic"], calibrate=True)
    return Codes(codes, apart, log_prior, evaluate(rows, DEFAULT) | dependence)


def limit(rows: int) -> float:
    """The distance `apart` that one column in twenty exceeds by chance.

    >>> round(limit(20_000), 4)
    0.0096
    """
    return 1.358 / math.sqrt(rows)
