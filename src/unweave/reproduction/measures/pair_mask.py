"""Latents that an adaptive method leaves unshared in pairs, against the factor that changed."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from unweave import metrics
from unweave.data.sampling.batches import stream
from unweave.methods.pooling.adaptive import Adaptive
from unweave.methods.pooling.random import Random
from unweave.metrics.tables.silence import ACTIVE
from unweave.reproduction.measures.aggregate import rows_of
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.seeds.generators import seeded


def changed_found(run: Run) -> float:
    """The share of 2,000 pairs, 0 to 1, in which the latent of the changed factor is unshared."""
    own, changed, _ = _masks(run)
    latent = matched(run)[changed.argmax(1)]  # (P,): of the factor that changed
    return float(own[np.arange(len(own)), latent].mean())


def unshared(run: Run) -> float:
    """Mean number of active latents unshared in a pair with one changed factor.

    Active: with a KL above `ACTIVE` nats.
    """
    own, _, active = _masks(run)
    return float(own[:, active].sum(1).mean())


def matched(run: Run) -> NDArray[np.int64]:
    """The latent of each factor, (K,): the one-to-one matching with the largest mutual information.

    Over 5,000 images; by the Hungarian algorithm.
    """
    rows = rows_of(run, 5000)
    codes = run.encode(run.data.take(rows))
    information = metrics.get("mig")(codes, run.data.factors_at(rows)).matrix  # (D, K), nats
    factor, latent = linear_sum_assignment(-np.nan_to_num(information.T))
    found = np.zeros(information.shape[1], dtype=np.int64)
    found[factor] = latent
    return found


def _masks(run: Run) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Unshared latents (P, D), changed factors (P, K) and active latents (D,) of P = 2,000 pairs.

    Raises ValueError if the method does not adapt to pairs.
    """
    pooling = getattr(run.method, "pooling", None)
    if not isinstance(pooling, Adaptive | Random):
        raise ValueError(
            f"{run.config.method.name} does not tell which latents a pair shares; measure ada-gvae"
        )
    batch = stream(run.data, {"pairs"}, batch_size=4000, seed=1, device=run.device)(0)
    with seeded(fold(0, "mask"), run.device), torch.no_grad():  # a mask may be random
        q = run.method.encode(batch.x.flatten(0, 1))  # (P * 2, D)
        pairs = q.map(lambda t: t.unflatten(0, batch.x.shape[:2]))  # (P, 2, D)
        own = pooling.unshared(pairs, batch.changed)
    assert batch.changed is not None
    active = q.kl().mean(0) > ACTIVE
    return own.cpu().numpy(), batch.changed.cpu().numpy(), active.cpu().numpy()
