"""ModelCentrality (Lin et al., 2020): which model do the other models' encoders and generators
agree with?
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from unweave import metrics
from unweave.metrics.base import Score
from unweave.metrics.estimators.averages import mean
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

    A_ij is the FactorVAE score of model j's encoder where model i's latents are the factors: model
    i generates groups of images that share one of its latents, model j encodes them. With B = (A +
    A^T) / 2, a model's centrality is the mean of B over the other models; the model to select is
    the most central one. The value is the mean over models.

    codes: codes[i][j] is (G, L, D_j), model j's codes of G groups of L images that model i
        generated; an array (M, M, G, L, D) or a function (i, j) -> (G, L, D_j), called once for
        each pair i != j, will do.
    fixed: (M, G), or one (G,) for all: which latent of model i the images of each group share.
    parts: `models` (M,), `best`. matrix: A, (M, M), NaN on the diagonal.

    Source: Lin et al. 2020 (InfoGAN-CR and ModelCentrality), section 4 and algorithm 1.
    **Departures**: A is scored on a third of the groups, by votes of the others; each latent's
    scale is its variance over that pair's images; a pair that cannot be scored (one latent
    traversed, codes that never vary) is NaN and left out. A set of models that are all entangled
    alike is central too.

    Raises ValueError for fewer than two models, or groups that are no (G, L, D).
    """
    check_how("unweave", seed, calibrate=False)
    of_pair, latents = _check(codes, fixed)
    m, groups = latents.shape
    factor_vae_score = metrics.get("factor_vae_score")
    # (M, M): FactorVAE score of model j's encoder on the images of model i
    matrix = np.full((m, m), math.nan)
    reasons = []
    for i in range(m):
        for j in range(m):
            if i == j:
                continue
            found = factor_vae_score(Groups(of_pair(i, j), latents[i]), seed=seed)
            matrix[i, j] = found.value
            if math.isnan(found.value):
                reasons.append(f"images of model {i} in model {j}: {found.reason}")
    both = 0.5 * (matrix + matrix.T)  # B, NaN on the diagonal, which the means leave out
    scores = np.array([mean(row) for row in both])  # (M,)
    # the most central model is the one to select
    best = math.nan
    if not np.isnan(scores).all():
        best = float(np.nanargmax(scores))
    return Score(
        mean(scores),
        n=groups,
        estimator=f"FactorVAE scores of {m * (m - 1)} pairs of models",
        seed=seed,
        reason="; ".join(reasons),
        parts={"models": scores, "best": best},
        matrix=matrix,
    )


def _check(codes: Any, fixed: Any) -> tuple[Callable[[int, int], Any], np.ndarray]:
    """A function (i, j) to model j's codes of model i's images, and the latent that each group
    shares, (M, G).

    ValueError if the two are not of the same models, or of fewer than two.
    """
    latents = np.asarray(plain(fixed))
    meant = "the latent that each group shares"
    if latents.ndim not in (1, 2):
        raise ValueError(f"fixed has shape {latents.shape}; expected (G,) or (M, G), {meant}")
    if callable(codes):
        if latents.ndim == 1:
            raise ValueError(
                "fixed has shape (G,), which does not say how many models codes(i, j) is of; "
                "give (M, G)"
            )
        of_pair = codes
        m = len(latents)
    else:
        rows = _rows(codes)
        m = len(rows)

        def of_pair(i: int, j: int) -> Any:
            return rows[i][j]

    if m < 2:
        raise ValueError(f"{m} model given; model_centrality compares at least 2")
    if latents.ndim == 1:
        latents = np.broadcast_to(latents, (m, len(latents)))
    if len(latents) != m:
        raise ValueError(f"fixed has shape {latents.shape}; expected (G,) or ({m}, G), {meant}")
    return of_pair, latents


def _rows(codes: Any) -> list[list[Any]]:
    """Codes of M models of each model's images, as lists; ValueError unless there are M of each."""
    rows = [
        several(row, "codes", "codes (G, L, D)")
        for row in several(codes, "codes", "what every other model made")
    ]
    for row in rows:
        if row and len(row) != len(rows):
            raise ValueError(
                f"codes are of {len(rows)} models, and one of them has those of {len(row)}; "
                "give codes[i][j]"
            )
    return rows
