"""How sure a group is of its content: the deviation of the pooled posterior by the number of images, and columns in use.

In a product of posteriors (ML-VAE; Bouchacourt et al., 2018, eq. 7) evidence adds up, so that the deviation falls as one
over the square root of the group's size; in an average (GVAE; Hosoya, 2019, eq. 6) it stays. Where images are not equally
sure the first is a law of large groups: one sure image makes up for many, and the mean deviation falls faster at first.
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
    """The slope of log deviation over log size of a group: -1/2 where evidence adds up, 0 where it is averaged.

    identity: the factors that a group shares. sizes: numbers of images, two different ones at least.
    """
    return float(np.polyfit(np.log(sizes), np.log(deviations(run, identity, sizes)), 1)[0])


def deviations(run: Run, identity: Sequence[str], sizes: Sequence[int] = SIZES) -> NDArray[np.float64]:
    """The deviation of the content's posterior for groups of each size, by the run's own pooling.

    The mean over 200 groups of the run's data and the content columns in use; a smaller group is the first images of a
    larger one. ValueError if the method pools no groups.
    """
    pooling, most = _pooling(run), max(sizes)
    draw = stream(run.data, {"groups"}, batch_size=GROUPS * most, group_size=most, shared=tuple(identity), seed=1)
    batch = draw(0)
    assert batch.index is not None
    images, rows = batch.x, batch.index.flatten().numpy()
    mean, log_var = (torch.from_numpy(t).unflatten(0, images.shape[:2]) for t in _posterior(run, run.data.take(rows)))
    used, found = torch.from_numpy(in_use(run)), []
    for size in sizes:
        joint = pooling(Posterior(mean[:, :size], log_var[:, :size]), Batch(images[:, :size]))
        content = joint.log_var[:, 0, run.blocks["content"].columns]
        found.append(float(torch.exp(0.5 * content[:, used]).mean()))
    return np.array(found)


def active_content(run: Run) -> float:
    """How many content columns are in use."""
    return float(in_use(run).sum())


def in_use(run: Run) -> NDArray[np.bool_]:
    """Which content columns (C,) have a mean KL above `ACTIVE` nats, in the posteriors of 2,000 single images."""
    _pooling(run)
    rows = np.random.default_rng(fold(0, "in use")).integers(len(run.data), size=IMAGES)
    return kl_per_latent(*_posterior(run, run.data.take(rows)))[run.blocks["content"].columns] > ACTIVE


def _posterior(run: Run, images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    mean, log_var = run.posterior(images)
    assert log_var is not None  # pooling takes codes with a variance: the VAE has checked
    return mean, log_var


def _pooling(run: Run) -> Part:
    method = run.method
    if isinstance(method, VAE) and method.pooling is not None and "content" in run.blocks:
        return method.pooling
    raise ValueError(f"{run.config.method.name} pools no groups into content; measure a run of gvae or ml-vae")
