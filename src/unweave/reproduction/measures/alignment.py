"""Alignment of latent k with factor k, which supervision by few labels is meant to give."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from unweave.reproduction.measures.aggregate import rows_of
from unweave.runs.run import Run


def weakest_alignment(run: Run, *, factors: list[str]) -> float:
    """The smallest |Spearman correlation| of factor k and the posterior mean of latent k, 0 to 1.

    factors: names of the ordinal factors that are compared; k is their index in the data. Over
    5,000 images; 0 where a latent does not vary.
    """
    rows = rows_of(run, 5000)
    codes = run.encode(run.data.take(rows))  # (n, D)
    v = run.data.factors_at(rows)  # (n, K)
    found = []
    for name in factors:
        k = run.data.factors.index(name)
        if np.ptp(codes[:, k]) == 0:
            found.append(0.0)
            continue
        found.append(abs(float(spearmanr(codes[:, k], v[:, k]).statistic)))
    return min(found)
