"""Unsupervised disentanglement ranking (Duan et al., 2020): do models that were trained apart agree
on their latents?
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np

from unweave.metrics.base import Score
from unweave.metrics.estimators.latent_pairs import lasso, partners, spearman, standardised
from unweave.metrics.tables.arguments import check_how, several
from unweave.metrics.tables.axes import random_rotation
from unweave.metrics.tables.codes_of_models import counting_latents, standard_codes
from unweave.metrics.tables.models import metric_of_models
from unweave.metrics.tables.silence import ACTIVE
from unweave.seeds import fold
from unweave.settings import Setting

LITERAL = 0.01  # nats of KL, the authors' threshold of an active latent


@metric_of_models(measures=("identifiability",), protocols=("unweave", "dlib"))
def udr(
    models: Any,
    *,
    log_vars: Any = None,
    kl: Any = None,
    kind: Literal["lasso", "spearman"] = "lasso",
    threshold: Annotated[float | None, Setting("nats of mean KL", low=0, high=1e9)] = None,
    protocol: Literal["unweave", "dlib"] = "unweave",
    seed: int = 0,
    calibrate: bool = False,
) -> Score:
    """UDR of several models, from 0 to 1, higher is better; a disentangled model finds the latents
    others find.

    R_ab measures how strongly latent a of one model is related to latent b of the other: |weight|
    of a lasso from the one's standardised codes to the other's, or |Spearman correlation|. For a
    pair of models UDR_ij is the mean, over the rows and columns of R, of max(R)^2 / sum(R), which
    is 1 where a latent has one partner. A model's score is the median over the other models; the
    value is the mean over models, and `parts` tells which to select.

    models: codes (N, D_i) of each model, of the same images row by row; D may differ.
    log_vars: (N, D_i) of each, or kl: mean KL (D_i,) of each: latents with a KL of `threshold` nats
        or less are left out (0.05 by default, the authors' 0.01 under protocol dlib). Without
        either every latent that varies counts, also those of collapsed models, which then rank
        high.
    kind: "lasso" (alpha 0.1) or "spearman". calibrate: also `null`, after rows were permuted in
        every model, and `rotated`, after every model's codes were rotated at random.
    parts: `models` (M,), `best`, `active` latents (M,). matrix: UDR_ij, (M, M), NaN on the
        diagonal.

    Source: Duan et al. 2020, section 4 and eq. 2; disentanglement_lib's `udr_sklearn` under
    protocol dlib, which takes the mean over rows and that over columns apart (other weights, where
    models have different numbers of active latents) and silences latents below a KL of 0.01
    whatever the threshold is. **Departures**: a model without active latents is NaN. Five models or
    more of each setting are recommended; two that fail alike agree.

    Raises ValueError for fewer than two models, or codes of different numbers of rows.
    """
    check_how(protocol, seed, calibrate)
    _refuse_contradiction(log_vars, kl, threshold)
    if threshold is None:
        threshold = {"unweave": ACTIVE, "dlib": LITERAL}[protocol]
    models = several(models, "models", "codes (N, D)")
    codes = standard_codes(models)
    active = counting_latents(codes, models, log_vars, kl, threshold)
    kept = active  # latents that are related to each other; the others are set to 0
    if protocol == "dlib":
        kept = counting_latents(codes, models, log_vars, kl, LITERAL)
    relate = {"lasso": lasso, "spearman": spearman}[kind]

    # the same comparison serves the value and, on changed codes, its floors
    def agreement(codes: list[np.ndarray]) -> np.ndarray:
        audible = [z * counts for z, counts in zip(codes, kept, strict=True)]
        return _agreement(audible, active, relate, protocol)

    matrix = agreement(codes)  # (M, M)
    scores = _medians(matrix)  # (M,)
    best = math.nan
    if not np.isnan(scores).all():
        best = float(np.nanargmax(scores))
    null = math.nan
    rotated = math.nan
    if calibrate:
        null, rotated = _floors(codes, active, agreement, seed)
    reasons = _reasons(active)
    if log_vars is None and kl is None:
        reasons.append("no KL given: every latent that varies counts")
    return Score(
        _mean(scores),
        null=null,
        rotated=rotated,
        n=len(codes[0]),
        estimator=f"{kind}, median over the other {len(codes) - 1} models",
        protocol=protocol,
        seed=seed,
        reason="; ".join(reasons),
        parts={
            "models": scores,
            "best": best,
            "active": np.array([float(a.sum()) for a in active]),
        },
        matrix=matrix,
    )


def _refuse_contradiction(log_vars: Any, kl: Any, threshold: float | None) -> None:
    """ValueError for KL that is given twice, and for a threshold of KL that is not given."""
    if kl is not None and log_vars is not None:
        raise ValueError(
            "udr was given kl and log_vars, of which one says which latents count; leave out the "
            "other"
        )
    if threshold is not None and kl is None and log_vars is None:
        raise ValueError(
            "udr was given a threshold of KL and neither kl nor log_vars; give one of them"
        )


def _floors(
    codes: list[np.ndarray],
    active: list[np.ndarray],
    agreement: Callable[..., np.ndarray],
    seed: int,
) -> tuple[float, float]:
    """UDR after the rows were permuted in every model, and after every model's codes were rotated
    at random.
    """
    rng = np.random.default_rng(fold(seed, "permuted codes of udr"))
    permuted = [z[rng.permutation(len(z))] for z in codes]
    turned = [
        _turn(z, a, fold(seed, "model", i))
        for i, (z, a) in enumerate(zip(codes, active, strict=True))
    ]
    return _mean(_medians(agreement(permuted))), _mean(_medians(agreement(turned)))


def _reasons(active: list[np.ndarray]) -> list[str]:
    """A note on models without an active latent, or none."""
    silent = [str(i) for i, a in enumerate(active) if not a.any()]
    if not silent:
        return []
    return [f"models {', '.join(silent)} have no active latent"]


def _agreement(
    codes: list[np.ndarray],
    active: list[np.ndarray],
    relate: Callable[..., np.ndarray],
    protocol: str,
) -> np.ndarray:
    """UDR_ij of all pairs, (M, M): model i explains model j."""
    m = len(codes)
    matrix = np.full((m, m), math.nan)
    for i in range(m):
        for j in range(m):
            if i != j and active[i].any() and active[j].any():
                # (active latents of i, of j): how strongly each pair of them is related
                r = relate(codes[i], codes[j])[np.ix_(active[i], active[j])]
                matrix[i, j] = partners(r, pooled=protocol != "dlib")
    return matrix


def _medians(matrix: np.ndarray) -> np.ndarray:
    """Each model's median over the models that explain it, NaN where there is none."""
    medians = np.full(len(matrix), math.nan)
    for j, column in enumerate(matrix.T):
        others = column[~np.isnan(column)]
        if len(others):
            medians[j] = np.median(others)
    return medians


def _mean(scores: np.ndarray) -> float:
    """Mean of the models' scores (M,) that are defined; NaN if none is."""
    if np.isnan(scores).all():
        return math.nan
    return float(np.nanmean(scores))


def _turn(z: np.ndarray, active: np.ndarray, seed: int) -> np.ndarray:
    """The active latents after a random rotation, standardised again."""
    turned = z.copy()
    turned[:, active] = standardised(z[:, active] @ random_rotation(int(active.sum()), seed))
    return turned
