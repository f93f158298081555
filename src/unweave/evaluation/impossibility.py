"""Impossibility theorem of unsupervised disentanglement: an equivalent model, entangled latents.

Locatello et al. (2019), theorem 1: for independent latents of any distribution there are infinitely
many bijections f, every output of which depends on every input, with f(z) distributed as z. The
decoder G after f's inverse then makes the same images with the same probabilities, so no image
distinguishes the two models, and a score that distinguishes them needs more than images.

    f = (h g)^-1 A (h g)

with g the marginals' cumulative distributions, h the normal quantile, A orthogonal without a zero.

**Departures** from the paper's proof: none; its A is the Householder reflection that `reflection`
gives.

What does distinguish them is not p(x) but a diagonal posterior: mean-field inference prefers axes,
so the bound of a VAE (not its likelihood) falls under A. That, and data, is where its
disentanglement comes from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import norm
from torch import Tensor

from unweave.evaluation import latents as inspect
from unweave.methods.base import Method, NotAvailable
from unweave.methods.vae import VAE
from unweave.runs.run import Run
from unweave.types import Posterior

Share = float | Sequence[float]


def reflection(columns: int, share: Share = 0.3) -> NDArray[np.float64]:
    """I - 2 v v' (D, D): orthogonal, its own inverse, and without an entry 0.

    share: v_k^2, how much column k is mixed: of each column, above 0, not 1/2, and 1 together; or
    of the first column alone, in (0, 1/2), where the others have equal parts of the rest.

    >>> reflection(2).round(3).tolist()
    [[0.4, -0.917], [-0.917, -0.4]]
    >>> reflection(3, [0.49, 0.49, 0.02]).round(2).tolist()
    [[0.02, -0.98, -0.2], [-0.98, 0.02, -0.2], [-0.2, -0.2, 0.96]]
    """
    if columns < 2:
        raise ValueError(f"{columns} latent cannot be entangled; it takes two at least")
    if isinstance(share, float | int):
        if not 0 < share < 0.5:
            raise ValueError(f"share is {share}; it has to be above 0 and below 1/2")
        rest = (1 - share) / (columns - 1)
        share = [share] + [rest] * (columns - 1)
    shares = np.asarray(share, dtype=np.float64)
    if shares.shape != (columns,) or not math.isclose(shares.sum(), 1, rel_tol=1e-6):
        raise ValueError(
            f"shares are {len(shares)}, {shares.sum():.3g} together; "
            f"{columns} latents take {columns}, 1 together"
        )
    if (shares <= 0).any() or np.isclose(shares, 0.5).any():
        raise ValueError("shares have to be above 0 and not 1/2, which would leave an entry 0")
    v = np.sqrt(shares)  # (D,), a unit vector
    return np.eye(columns) - 2 * np.outer(v, v)


@overload
def entangle(of: VAE | Run, marginals: None = None, *, share: Share = 0.3) -> Entangled: ...
@overload
def entangle(
    of: NDArray[Any], marginals: Sequence[Any] | None = None, *, share: Share = 0.3
) -> NDArray[np.float64]: ...
def entangle(of: Any, marginals: Any = None, *, share: Share = 0.3) -> Any:
    """The entangled equivalent of a model (a `VAE`, or a run of one), or of codes (N, D).

    The codes have independent columns. marginals: of the codes' columns, with `cdf` and `ppf`
    (frozen distributions of scipy); their ranks if None, in which case every column keeps its
    values and gets them in another order. share: see `reflection`.
    """
    model = getattr(of, "method", of)
    if isinstance(model, VAE):
        return Entangled(model, share)
    if isinstance(model, Method):
        raise NotAvailable(
            f"{type(model).__name__} has no Gaussian prior to rotate; entangle its codes instead"
        )
    codes = np.asarray(of, dtype=np.float64)
    if codes.ndim != 2:
        raise ValueError(f"codes are a table (N, D); these have shape {codes.shape}")
    # f = (h g)^-1 A (h g), on rows: (N, D)
    mixed = _to_normal(codes, marginals) @ reflection(codes.shape[1], share).T
    return _from_normal(mixed, codes, marginals)


class Entangled(Method):
    """A VAE after a rotation of its latents: the same images with the same probabilities.

    Its codes are mixed. Its posterior is not diagonal, so `encode` gives the means only.
    """

    def __init__(self, model: VAE, share: Share = 0.3):
        super().__init__()
        self.model = model
        rotation = torch.tensor(reflection(model.latents, share), dtype=torch.float32)
        self.register_buffer("rotation", rotation)  # (D, D)
        self.rotation: Tensor

    def encode(self, x: Tensor) -> Posterior:
        """Images to rotated means (B, D)."""
        return Posterior(self.model.encode(x).mean @ self.rotation.T)

    def decode(self, z: Tensor) -> Tensor:
        """Rotated codes (B, D) to images."""
        return self.model.decode(z @ self.rotation)

    def log_likelihood(self, x: Tensor, *, samples: int = 100) -> Tensor:
        """Log p(x) (B,) by its own decoder and samples of its own, rotated posterior.

        See `evaluation.latents.log_likelihood`.
        """
        return inspect.log_likelihood(self.model, x, samples=samples, rotation=self.rotation)

    def elbo(self, x: Tensor) -> Tensor:
        """Bound (B,) with the diagonal Gaussian q nearest to its posterior, by KL(q, posterior).

        No encoder has a better one. Its means are the rotated means, its precisions the diagonal of
        the rotated precision.
        """
        q = self.model.encode(x)
        if q.log_var is None:
            raise NotAvailable("a code that is a point has no bound of log p(x)")
        # (B, D): the diagonal of A diag(precision) A'
        precision = torch.exp(-q.log_var) @ (self.rotation**2).T
        own = Posterior(q.mean @ self.rotation.T, -torch.log(precision))
        images = self.model.decoder(own.sample() @ self.rotation)
        return -self.model.likelihood(images, x) - own.kl().sum(1)

    def sample_prior(self, n: int) -> Tensor:
        """Codes (n, D) of the prior, which no rotation changes."""
        return self.model.sample_prior(n)


def _to_normal(codes: NDArray[np.float64], marginals: Sequence[Any] | None) -> NDArray[np.float64]:
    """Each column of codes (N, D) to normal values, by its distribution or its ranks: h g."""
    if marginals is None:
        ranks = codes.argsort(0, kind="stable").argsort(0, kind="stable")  # (N, D), from 0
        return norm.ppf((ranks + 0.5) / len(codes))
    # (N, D): levels of the distributions, away from 0 and 1, where the quantile is infinite
    levels = np.stack([p.cdf(column) for p, column in zip(marginals, codes.T, strict=True)], 1)
    return norm.ppf(levels.clip(1e-12, 1 - 1e-12))


def _from_normal(
    mixed: NDArray[np.float64], codes: NDArray[np.float64], marginals: Sequence[Any] | None
) -> NDArray[np.float64]:
    """The inverse of `_to_normal`, (N, D).

    Without marginals, each column's own values in the order of `mixed`.
    """
    if marginals is None:
        ranks = mixed.argsort(0).argsort(0)
        return np.take_along_axis(np.sort(codes, 0), ranks, 0)
    columns = zip(marginals, mixed.T, strict=True)
    return np.stack([p.ppf(norm.cdf(column)) for p, column in columns], 1)
