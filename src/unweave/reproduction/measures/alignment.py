"""Whether latent k follows factor k, index by index: what supervision by few labels promises."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from unweave.reproduction.measures.aggregate import rows_of
from unweave.runs.run import Run


def weakest_alignment(run: Run, *, factors: list[str]) -> float:
    """The smallest absolute Spearman correlation, over the ordinal factors named, of factor k and the mean of latent k.

    k counts the factors of the data. Over 5,000 images; 0 where a latent does not vary.
    """
    rows = rows_of(run, 5000)
    codes, v = run.encode(run.data.take(rows)), run.data.factors_at(rows)
    found = []
    for k in map(run.data.factors.index, factors):
        dead = np.ptp(codes[:, k]) == 0
        found.append(0.0 if dead else abs(float(spearmanr(codes[:, k], v[:, k]).statistic)))
    return min(found)
