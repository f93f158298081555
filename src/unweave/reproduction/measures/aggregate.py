"""Aggregated posterior q(z) of a run against its prior: MMD, KL, covariances, classes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from unweave.data.base import Dataset
from unweave.evaluation.latents import kl_per_latent
from unweave.maths.divergence import Kernel, covariance, mmd
from unweave.methods.ae import AE
from unweave.methods.vae import VAE
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.seeds.generators import seeded
from unweave.types import to_unit

ROWS = 2000  # images, and samples of the prior


def rows_of(run: Run, n: int = ROWS, seed: int = 0) -> NDArray[np.int64]:
    """Up to `n` row indices of the run's data, sorted; the same for the same seed."""
    size = len(run.data)
    if n >= size:
        return np.arange(size)
    rng = np.random.default_rng(fold(seed, "measured"))
    return np.sort(rng.choice(size, n, replace=False))


def posterior(run: Run, n: int = ROWS) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Posterior means and log variances, None for points, (n, D), of images of the run's data."""
    mean, log_var = run.posterior(run.data.take(rows_of(run, n)))
    if log_var is None:
        return torch.from_numpy(mean), None
    return torch.from_numpy(mean), torch.from_numpy(log_var)


def prior_gap(run: Run, *, kernel: Kernel = "rbf") -> float:
    """Unbiased squared MMD between q(z) and N(0, I), from one code of each of 2,000 images."""
    mean, log_var = posterior(run)
    generator = torch.Generator().manual_seed(fold(0, "noise"))
    noise = torch.randn(mean.shape, generator=generator)  # (n, D)
    prior = torch.randn(mean.shape, generator=generator)
    z = mean  # (n, D)
    if log_var is not None:
        z = mean + torch.exp(0.5 * log_var) * noise
    return float(mmd(z, prior, kernel))


def kl(run: Run) -> float:
    """Mean KL(q(z|x) || p(z)) in nats over 5,000 images.

    Raises ValueError where codes are points.
    """
    mean, log_var = run.posterior(run.data.take(rows_of(run, 5000)))
    if log_var is None:
        raise ValueError(f"{run.config.method.name} makes codes that are points; they have no KL")
    return float(kl_per_latent(mean, log_var).sum())


def largest_covariance(run: Run) -> float:
    """The largest absolute covariance of two columns of q(z), from at most 20,000 images.

    Off the diagonal it is the covariance of the posterior means, since posteriors are diagonal.
    """
    matrix = covariance(posterior(run, 20_000)[0])  # (D, D)
    return float((matrix - matrix.diag().diag()).abs().max())


def reconstruction(run: Run) -> float:
    """-log p(x|z) in nats per image, at one code of each of 2,000 images.

    Raises ValueError unless the method is a VAE or an AE.
    """
    method = run.method
    if not isinstance(method, AE | VAE):
        raise ValueError(
            f"{run.config.method.name} has no likelihood of its images; measure a run of a VAE"
        )
    x = to_unit(torch.from_numpy(run.data.take(rows_of(run))).to(run.device))
    with seeded(fold(0, "noise"), run.device), torch.no_grad():
        parts = []  # nats of the images of each batch, (256,)
        for batch in x.split(256):
            z = method.encode(batch).sample()
            parts.append(method.likelihood(method.decoder(z), batch))
    return float(torch.cat(parts).mean())


def proportion_gap(run: Run, *, factor: str = "") -> float:
    """Total variation distance between the classes of prior samples and of the data, 0 to 1.

    A logistic regression on pixels predicts the class of an image, on both sides, so that its
    errors cancel. factor: compare the values of this factor; the classes if "". Raises ValueError
    if the data have no classes and no factor is named.
    """
    rows = rows_of(run, 4000)
    labels = _labels(run.data, rows, factor)
    images = _flat(to_unit(torch.from_numpy(run.data.take(rows))).numpy())  # (n, C * H * W)
    # Fitted on even rows; odd rows of the data and samples of the prior are predicted.
    fit = LogisticRegression(C=0.1, max_iter=300).fit(images[::2], labels[::2])
    classes = int(labels.max()) + 1
    of_data = _shares(fit.predict(images[1::2]), classes)
    of_samples = _shares(fit.predict(_flat(run.sample(ROWS))), classes)
    return float(0.5 * np.abs(of_data - of_samples).sum())


def _labels(data: Dataset, rows: NDArray[np.int64], factor: str) -> NDArray[np.int64]:
    """The values of a factor, or the classes if "", of rows (n,)."""
    if factor:
        return data.factors_at(rows)[:, data.factors.index(factor)]
    if data.y is None:
        raise ValueError(f"{data.name} has no classes; name a factor")
    return data.y[rows]


def _flat(images: NDArray[np.floating]) -> NDArray[np.float32]:
    """Images (n, C, H, W) as rows (n, C * H * W)."""
    return images.reshape(len(images), -1).astype(np.float32)


def _shares(values: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """The share (classes,) of each class among values (n,)."""
    return np.bincount(values, minlength=classes) / len(values)
