"""The aggregated posterior q(z) of a run beside its prior: by a kernel, by covariances, by what prior samples show."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from unweave.data.base import Dataset
from unweave.evaluation.latents import kl_per_latent
from unweave.generators import seeded
from unweave.maths.divergence import Kernel, covariance, mmd
from unweave.methods.ae import AE
from unweave.methods.vae import VAE
from unweave.runs.run import Run
from unweave.seeds import fold
from unweave.types import to_unit

ROWS = 2000  # images, and samples of the prior


def rows_of(run: Run, n: int = ROWS, seed: int = 0) -> NDArray[np.int64]:
    """`n` rows of the run's data, all of them if there are no more, the same for the same seed."""
    rng, size = np.random.default_rng(fold(seed, "measured")), len(run.data)
    return np.arange(size) if n >= size else np.sort(rng.choice(size, n, replace=False))


def posterior(run: Run, n: int = ROWS) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Means and log variances (n, D) of images of the run's data; no log variances where codes are points."""
    mean, log_var = run.posterior(run.data.take(rows_of(run, n)))
    return torch.from_numpy(mean), None if log_var is None else torch.from_numpy(log_var)


def prior_gap(run: Run, *, kernel: Kernel = "rbf") -> float:
    """Squared maximum mean discrepancy, unbiased, of one code of each of 2,000 images to as many draws of N(0, I)."""
    mean, log_var = posterior(run)
    generator = torch.Generator().manual_seed(fold(0, "noise"))
    noise, prior = (torch.randn(mean.shape, generator=generator) for _ in range(2))
    z = mean if log_var is None else mean + torch.exp(0.5 * log_var) * noise
    return float(mmd(z, prior, kernel))


def kl(run: Run) -> float:
    """Mean KL(q(z given x) || p(z)) in nats over 5,000 images. ValueError where codes are points."""
    mean, log_var = run.posterior(run.data.take(rows_of(run, 5000)))
    if log_var is None:
        raise ValueError(f"{run.config.method.name} makes codes that are points; they have no KL")
    return float(kl_per_latent(mean, log_var).sum())


def largest_covariance(run: Run) -> float:
    """The largest absolute covariance of two columns of q(z); 20,000 images at most.

    Off the diagonal it is that of the posterior's means: an image's own variance is on the diagonal alone.
    """
    matrix = covariance(posterior(run, 20_000)[0])
    return float((matrix - matrix.diag().diag()).abs().max())


def reconstruction(run: Run) -> float:
    """-log p(x given z) in nats per image, at one code of each of 2,000 images. ValueError unless it is a VAE or an AE."""
    method = run.method
    if not isinstance(method, AE | VAE):
        raise ValueError(f"{run.config.method.name} has no likelihood of its images; measure a run of a VAE")
    x = to_unit(torch.from_numpy(run.data.take(rows_of(run))).to(run.device))
    with seeded(fold(0, "noise"), run.device), torch.no_grad():
        parts = [method.likelihood(method.decoder(method.encode(b).sample()), b) for b in x.split(256)]
    return float(torch.cat(parts).mean())


def proportion_gap(run: Run, *, factor: str = "") -> float:
    """Total variation of the classes, or the values of a factor, among prior samples to those in the data.

    0 if the samples show every one as often as the data do, at most 1. What an image shows is told by a logistic
    regression on pixels; both sides are counted by it, so that its errors cancel. factor: the classes if "".
    ValueError if the data have no classes, and no factor is named.
    """
    rows = rows_of(run, 4000)
    shown = _shown(run.data, rows, factor)
    images = _flat(to_unit(torch.from_numpy(run.data.take(rows))).numpy())
    fit = LogisticRegression(C=0.1, max_iter=300).fit(images[::2], shown[::2])
    shares = [_shares(fit.predict(x), int(shown.max()) + 1) for x in (images[1::2], _flat(run.sample(ROWS)))]
    return float(0.5 * np.abs(shares[0] - shares[1]).sum())


def _shown(data: Dataset, rows: NDArray[np.int64], factor: str) -> NDArray[np.int64]:
    if factor:
        return data.factors_at(rows)[:, data.factors.index(factor)]
    if data.y is None:
        raise ValueError(f"{data.name} has no classes; name a factor")
    return data.y[rows]


def _flat(images: NDArray[np.floating]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32)


def _shares(values: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    return np.bincount(values, minlength=classes) / len(values)
