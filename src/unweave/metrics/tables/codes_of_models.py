"""Codes of several models of the same images: checked and standardised, and which of their latents
count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unweave.metrics.estimators.latent_pairs import standardised
from unweave.metrics.tables.arguments import several
from unweave.metrics.tables.checks import check_codes, check_like
from unweave.metrics.tables.silence import mean_kl
from unweave.tensors import plain


def standard_codes(models: Sequence[Any]) -> list[np.ndarray]:
    """Standardised codes (N, D_i) of at least two models; ValueError unless all have N rows."""
    codes = [check_codes(z, f"codes of model {i}") for i, z in enumerate(models)]
    if len(codes) < 2:
        raise ValueError(f"{len(codes)} model given; udr compares at least 2")
    for i, z in enumerate(codes):
        if z.ndim != 2 or len(z) != len(codes[0]):
            raise ValueError(
                f"codes of model {i} have shape {z.shape} and those of model 0 {codes[0].shape}; "
                "all models have to code the same images, (N, D)"
            )
    return [standardised(z) for z in codes]


def counting_latents(
    codes: list[np.ndarray], models: Sequence[Any], log_vars: Any, kl: Any, threshold: float
) -> list[np.ndarray]:
    """Which latents of each model count, (D_i,) bool: those that vary, and whose mean KL is above
    the threshold where it is known.

    codes, models: (N, D_i) of each, standardised and as given. log_vars: (N, D_i) of each, or kl:
        (D_i,) of each, in nats.
    """
    live: list[np.ndarray] = [np.any(z, axis=0) for z in codes]  # a constant latent is 0
    if kl is None and log_vars is None:
        return live
    if kl is not None:
        given = _of_each("kl", kl, len(codes))
        found = [
            check_like(one, f"kl of model {i}", codes[i].shape[1:]) for i, one in enumerate(given)
        ]
    else:
        given = _of_each("log_vars", log_vars, len(codes))
        logs = [
            check_like(one, f"log_var of model {i}", codes[i].shape) for i, one in enumerate(given)
        ]
        found = [
            mean_kl(np.asarray(plain(z)), log_var) for z, log_var in zip(models, logs, strict=True)
        ]
    return [vary & (one > threshold) for vary, one in zip(live, found, strict=True)]


def _of_each(name: str, arrays: Any, count: int) -> list[Any]:
    """An array for each of `count` models; ValueError if there are more or fewer."""
    given = several(arrays, name, "it")
    if len(given) != count:
        raise ValueError(f"{name} is of {len(given)} models, codes are of {count}")
    return given
