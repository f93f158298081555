"""The impossibility theorem without a model: factors as their own code, and its entangled twin."""

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
from unweave.seeds import fold

MARGINALS = (uniform(-1, 2), norm())  # of the two factors
SHARE = (1 - math.sqrt(0.5)) / 2  # mixes two columns equally: each code is half of either factor
ROWS = 20_000
SCORED = 4_000  # of them
LEVELS = 20  # metrics compare codes with this many equally frequent values of a factor


@dataclass(frozen=True)
class Codes:
    """Codes and their measurements.

    values: (N, 2). apart: the largest Kolmogorov-Smirnov distance between a column and its
    marginal. log_prior: (N,), nats, under the product of the marginals. scores: {metric: Score}.
    """

    values: NDArray[np.float64]
    apart: float
    log_prior: NDArray[np.float64]
    scores: dict[str, Score]


def factors_and_twin(seed: int = 0, rows: int = ROWS) -> tuple[Codes, Codes]:
    """Two independent factors as their own code, and its entangled twin, with their scores."""
    rng = np.random.default_rng(fold(seed, "factors"))
    factors = np.stack([p.rvs(rows, random_state=rng) for p in MARGINALS], 1)  # (N, 2)
    ranks = factors.argsort(0).argsort(0)  # (N, 2), from 0
    levels = (ranks * LEVELS // rows).astype(float)  # 0 to LEVELS - 1
    twin = entangle(factors, MARGINALS, share=SHARE)
    return measured(factors, levels), measured(twin, levels)


def measured(codes: NDArray[np.float64], levels: NDArray[np.float64]) -> Codes:
    """Fit to the marginals and scores of codes (N, 2), against the levels (N, 2) of the factors."""
    columns = list(zip(MARGINALS, codes.T, strict=True))
    apart = max(float(kstest(column, p.cdf).statistic) for p, column in columns)
    log_prior = np.sum([p.logpdf(column) for p, column in columns], 0)  # (N,)
    rows = (codes[:SCORED], levels[:SCORED])
    dependence = evaluate(rows, ["total_correlation", "dhsic"], calibrate=True)
    scores = evaluate(rows, DEFAULT) | dependence
    return Codes(codes, apart, log_prior, scores)


def limit(rows: int) -> float:
    """The 95 % quantile of the Kolmogorov-Smirnov distance of one column, asymptotic in the rows.

    >>> round(limit(20_000), 4)
    0.0096
    """
    return 1.358 / math.sqrt(rows)
