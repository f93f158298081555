"""Standard deviation of a group's pooled posterior by group size, and active content columns.

In a product of posteriors (ML-VAE; Bouchacourt et al., 2018, eq. 7) evidence adds up: the deviation
falls as one over the square root of the group size. In an average (GVAE; Hosoya, 2019, eq. 6) it
stays the same. If the posteriors of single images differ in width, the first holds for large groups
only: the narrowest dominates, and the mean deviation falls faster at first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unweave.data.sampling.batches import stream
from unweave.evaluation.latents import kl_per_latent
from unweave.methods.base import Part
from unweave.methods.vae import VAE
from unweave.metrics.tables.silence import ACTIVE
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.types import Batch, Posterior

GROUPS = 200
IMAGES = 2000
SIZES = (1, 2, 4, 8, 16)


def slope(run: Run, *, identity: Sequence[str], sizes: Sequence[int] = SIZES) -> float:
    """The slope of log deviation over log group size: -1/2 if evidence adds up, 0 for an average.

    identity: the factors that a group shares. sizes: numbers of images, at least two different
    ones.
    """
    return float(np.polyfit(np.log(sizes), np.log(deviations(run, identity, sizes)), 1)[0])


def deviations(
    run: Run, identity: Sequence[str], sizes: Sequence[int] = SIZES
) -> NDArray[np.float64]:
    """Mean standard deviation of the content's posterior for groups of each size, (len(sizes),).

    Pooled by the run's own pooling; the mean is over 200 groups of the run's data and the active
    content columns. A smaller group is the first images of a larger one.
    Raises ValueError if the method pools no groups.
    """
    pooling = _pooling(run)
    largest = max(sizes)
    draw = stream(
        run.data,
        {"groups"},
        batch_size=GROUPS * largest,
        group_size=largest,
        shared=tuple(identity),
        seed=1,
    )
    batch = draw(0)
    assert batch.index is not None
    # Posteriors of single images: (G * M, D) -> (G, M, D).
    rows = batch.index.flatten().numpy()
    mean, log_var = _posterior(run, run.data.take(rows))
    means = torch.from_numpy(mean).unflatten(0, batch.x.shape[:2])
    log_vars = torch.from_numpy(log_var).unflatten(0, batch.x.shape[:2])
    active = torch.from_numpy(in_use(run))  # (C,)
    found = []
    for size in sizes:
        # Pooled posteriors (G, size, D) are the same for all images of a group: one is enough.
        joint = pooling(Posterior(means[:, :size], log_vars[:, :size]), Batch(batch.x[:, :size]))
        content = joint.log_var[:, 0, run.blocks["content"].columns]  # (G, C)
        found.append(float(torch.exp(0.5 * content[:, active]).mean()))
    return np.array(found)


def active_content(run: Run) -> float:
    """Number of active content columns."""
    return float(in_use(run).sum())


def in_use(run: Run) -> NDArray[np.bool_]:
    """Which content columns (C,) have a mean KL above `ACTIVE` nats, over 2,000 single images."""
    _pooling(run)  # raises where there is no content
    rows = np.random.default_rng(fold(0, "in use")).integers(len(run.data), size=IMAGES)
    kl = kl_per_latent(*_posterior(run, run.data.take(rows)))  # (D,)
    return kl[run.blocks["content"].columns] > ACTIVE


def _posterior(run: Run, images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Means and log variances (n, D) of single images."""
    mean, log_var = run.posterior(images)
    assert log_var is not None  # pooling needs codes with a variance, which the VAE has checked
    return mean, log_var


def _pooling(run: Run) -> Part:
    """The pooling of a run's method. Raises ValueError if it has none or no block "content"."""
    method = run.method
    if isinstance(method, VAE) and method.pooling is not None and "content" in run.blocks:
        return method.pooling
    raise ValueError(
        f"{run.config.method.name} pools no groups into content; measure a run of gvae or ml-vae"
    )
