"""How sure a group is of its content: the deviation of the pooled posterior by the number of images, and columns in use.

In a product of posteriors (ML-VAE; Bouchacourt et al., 2018, eq. 7) evidence adds up, so that the deviation falls as one
over the square root of the group's size; in an average (GVAE; Hosoya, 2019, eq. 6) it stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from unweave.data.batches import stream
from unweave.inspect import kl_per_latent
from unweave.methods.vae import VAE
from unweave.run import Run
from unweave.seeds import fold
from unweave.types import Batch, Posterior

GROUPS = 200
IMAGES = 2000
SIZES = (1, 2, 4, 8, 16)
ACTIVE = 0.01  # nats of KL, as in the metric active_latents


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
    method, most = _pooled(run), max(sizes)
    images = stream(
        run.data,
        {"groups"},
        batch_size=GROUPS * most,
        group_size=most,
        shared=tuple(identity),
        seed=1,
        device=run.device,
    )(0).x
    with torch.no_grad():
        q = method.encode(images.flatten(0, 1)).map(lambda t: t.unflatten(0, images.shape[:2]))
    assert method.pooling is not None
    assert q.log_var is not None  # a group is pooled by its variances
    used, found = torch.from_numpy(in_use(run)).to(run.device), []
    for size in sizes:
        joint = method.pooling(Posterior(q.mean[:, :size], q.log_var[:, :size]), Batch(images[:, :size]))
        content = joint.log_var[:, 0, run.blocks["content"]]
        found.append(float(torch.exp(0.5 * content[:, used]).mean()))
    return np.array(found)


def active_content(run: Run) -> float:
    """How many content columns are in use."""
    return float(in_use(run).sum())


def in_use(run: Run) -> NDArray[np.bool_]:
    """Which content columns (C,) have a mean KL above 0.01 nats, in the posteriors of 2,000 single images."""
    _pooled(run)
    rows = np.random.default_rng(fold(0, "in use")).integers(len(run.data), size=IMAGES)
    mean, log_var = run.posterior(run.data.take(rows))
    assert log_var is not None
    return kl_per_latent(mean, log_var)[run.blocks["content"]] > ACTIVE


def _pooled(run: Run) -> VAE:
    if isinstance(run.method, VAE) and "content" in run.blocks:
        return run.method
    raise ValueError(f"{run.config['method']['name']} pools no groups into content; measure a run of gvae or ml-vae")
