"""ModelCentrality (Lin et al., 2020): which model do the other models' encoders and generators agree with?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unweave import metrics
from unweave.metrics.base import Score
from unweave.metrics.tables.arguments import check_how, several
from unweave.metrics.tables.groups import Groups
from unweave.metrics.tables.models import metric_of_models
from unweave.tensors import plain


@metric_of_models(measures=("identifiability",))
def model_centrality(
    codes: Any,
    fixed: Any,
    *,
    seed: int = 0,
) -> Score:
    """ModelCentrality of several models, from 0 to 1, higher is better; no labels are needed.

    A_ij is the FactorVAE score of model j's encoder where model i's latents are the factors: model i generates groups of
    images that share one of its latents, model j encodes them. With B = (A + A^T) / 2, a model's centrality is the mean
    of B over the other models; the model to select is the most central one. The value is the mean over models.

    codes: codes[i][j] is (G, L, D_j), model j's codes of G groups of L images that model i generated; an array
        (M, M, G, L, D) or a function (i, j) -> (G, L, D_j), called once for each pair i != j, will do.
    fixed: (M, G), or one (G,) for all: which latent of model i the images of each group share.
    parts: `models` (M,), `best`. matrix: A, (M, M), NaN on the diagonal.

    Source: Lin et al. 2020 (InfoGAN-CR and ModelCentrality), section 4 and algorithm 1. **Departures**: A is scored on a
    third of the groups, by votes of the others; each latent's scale is its variance over that pair's images; a pair that
    cannot be scored (one latent traversed, codes that never vary) is NaN and left out. A set of models that are all
    entangled alike is central too.

    Raises ValueError for fewer than two models, or groups that are no (G, L, D).
    """
    check_how("unweave", seed, calibrate=False)
    held = np.asarray(plain(fixed))
    if held.ndim not in (1, 2):
        raise ValueError(f"fixed has shape {held.shape}; expected (G,) or (M, G), the latent that each group shares")
    if not callable(codes):
        codes = [
            several(row, "codes", "codes (G, L, D)") for row in several(codes, "codes", "what every other model made")
        ]
        if short := next((len(row) for row in codes if len(row) != len(codes)), None):
            raise ValueError(
                f"codes are of {len(codes)} models, and one of them has those of {short}; give codes[i][j]"
            )
    if held.ndim == 1 and callable(codes):
        raise ValueError("fixed has shape (G,), which does not say how many models codes(i, j) is of; give (M, G)")
    m = len(held) if callable(codes) else len(codes)
    if m < 2:
        raise ValueError(f"{m} model given; model_centrality compares at least 2")
    if held.ndim == 1:
        held = np.broadcast_to(held, (m, len(held)))
    if held.ndim != 2 or len(held) != m:
        raise ValueError(f"fixed has shape {held.shape}; expected (G,) or ({m}, G), the latent that each group shares")
    factor_vae_score = metrics.get("factor_vae_score")
    matrix, reasons = np.full((m, m), math.nan), []
    for i in range(m):
        for j in range(m):
            if i != j:
                z = codes(i, j) if callable(codes) else codes[i][j]
                found = factor_vae_score(Groups(z, held[i]), seed=seed)
                matrix[i, j] = found.value
                if math.isnan(found.value):
                    reasons.append(f"images of model {i} in model {j}: {found.reason}")
    both = 0.5 * (matrix + matrix.T)
    scores = np.array([row[~np.isnan(row)].mean() if (~np.isnan(row)).any() else math.nan for row in both])
    defined = scores[~np.isnan(scores)]
    return Score(
        float(defined.mean()) if len(defined) else math.nan,
        n=held.shape[1],
        estimator=f"FactorVAE scores of {m * (m - 1)} pairs of models",
        seed=seed,
        reason="; ".join(reasons),
        parts={"models": scores, "best": float(np.nanargmax(scores)) if len(defined) else math.nan},
        matrix=matrix,
    )
