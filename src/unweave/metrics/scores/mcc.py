"""Mean correlation coefficient (Hyvarinen and Morioka, 2016): is every factor one latent, up to
order and sign?
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.correlations import assign, correlations


@metric(
    measures=("identifiability",),
    invariant=("permutation", "sign", "scale", "dead latents", "noise latents"),
    falls=("rotation",),
    error="jackknife",
)
def mcc(table: Table, *, correlation: Literal["pearson", "spearman"] = "pearson") -> Measured:
    """Mean correlation coefficient, from 0 to 1, higher is better.

    MCC = mean over k of |corr(z_m(k), v_k)|, where m gives every factor a latent of its own so that
    the sum is largest (the assignment problem, solved exactly by the Hungarian method).

    correlation: "pearson", which needs a linear relation, or "spearman", for a monotone one; the
        other is in parts.
    parts: `pearson` and `spearman` (each with its own assignment); of every factor `correlation`
        and `best`, its latent. matrix: |corr|, (D, K).

    Source: Hyvarinen and Morioka 2016, section 6; Khemakhem et al. 2020. **Departures**: the mean
    is over the factors, and one that is left without a latent counts 0, where SlowVAE's code fills
    up factors with Gaussian noise and takes the mean over the latents, so that a perfect code with
    spare latents scores well below 1 there. Known failure: noise scores about sqrt(2 log D / N), a
    random rotation .5 to .9, and spare latents cost nothing; categories have no order to correlate
    with; one outlier among thousands moves Pearson's, not Spearman's.
    """
    matrices = {
        name: correlations(table, ranked=name == "spearman") for name in ("pearson", "spearman")
    }
    matched = {name: assign(matrix) for name, matrix in matrices.items()}
    matrix = matrices[correlation]  # (D, K)
    latents = matched[correlation]  # (K,)
    columns = np.arange(matrix.shape[1])
    alone = latents < 0
    return Measured(
        _mean_matched(matrix, latents),
        f"{correlation.capitalize()} correlation, latents assigned to factors",
        {name: _mean_matched(matrices[name], matched[name]) for name in matrices},
        factors={
            "correlation": np.where(alone, 0.0, matrix[latents, columns]),
            "best": np.where(alone, math.nan, np.array(table.latents)[latents]),
        },
        matrix=matrix,
        reason=f"{alone.sum()} factors are left without a latent and count 0"
        if alone.any()
        else "",
    )


def _mean_matched(matrix: np.ndarray, latents: np.ndarray) -> float:
    """Mean over the factors of the entry of its latent, 0 for a factor without one."""
    return mean(np.where(latents < 0, 0.0, matrix[latents, np.arange(len(latents))]))
