"""The real variational family in small: FactorVAE, and compositions with a toy pooling (pairs) and supervision (labels)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from tests.contract import toys
from torch import Tensor, nn

from unweave.methods.base import Part, Player
from unweave.methods.regularisers.beta import Beta
from unweave.methods.regularisers.density_ratio import DensityRatio
from unweave.methods.vae import VAE
from unweave.nets.likelihood import Bernoulli, Gaussian
from unweave.nets.mlp import MLPDecoder, MLPEncoder
from unweave.types import Batch, Losses, Posterior

LATENTS = 6


def vae(regulariser: Part, pooling: Part | None = None, supervision: Part | None = None) -> VAE:
    """A VAE of these parts on toy images."""
    nets = toys.encoder(2 * LATENTS), toys.decoder(LATENTS)
    return VAE(*nets, Bernoulli(), regulariser, pooling, supervision, latents=LATENTS, lr=1e-3)


def factor_vae() -> VAE:
    """Two players in one turn: the model, and the critic that estimates its total correlation."""
    return vae(DensityRatio(toys.critic(LATENTS), gamma=10.0, critic_lr=1e-4))


def ada_gvae() -> VAE:
    """Pairs of images."""
    return vae(Beta(beta=4.0), pooling=Adaptive())


def s2_vae() -> VAE:
    """Two streams: images, and labelled images beside them."""
    return vae(Beta(beta=4.0), supervision=FewLabels())


def everything() -> VAE:
    """Pairs, labels and a critic at once: three players in one turn."""
    return vae(DensityRatio(toys.critic(LATENTS)), Adaptive(), FewLabels())


def vector_vae() -> VAE:
    """No images at all; the scale of the likelihood is learned, and belongs to the model without a word."""
    nets = (
        MLPEncoder((6,), 2 * LATENTS, width=16, depth=1),
        MLPDecoder((6,), LATENTS, width=16, depth=1),
    )
    return VAE(
        *nets, Gaussian(scale=1.0, learn_scale=True), Beta(beta=1.0), latents=LATENTS, lr=1e-3
    )


class Adaptive(Part):
    """Pairs (G, 2, D): columns whose KL is below the middle of its range are averaged, as in Ada-GVAE."""

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"pairs"})

    def forward(self, q: Posterior, batch: Batch) -> Posterior:
        (m1, m2), (v1, v2) = q.mean.unbind(1), q.log_var.unbind(1)
        gap = ((v1 - v2).exp() + (m1 - m2) ** 2 / v2.exp() - 1 + v2 - v1).detach()
        same = (gap < 0.5 * (gap.amax(1, keepdim=True) + gap.amin(1, keepdim=True)))[:, None]
        mean, log_var = 0.5 * (m1 + m2), torch.logaddexp(v1, v2) - math.log(2)
        return Posterior(
            torch.where(same, mean[:, None], q.mean),
            torch.where(same, log_var[:, None], q.log_var),
        )


class FewLabels(Part):
    """Squared error of the labels read off the codes by a scale of the model, and by a reader of its own (a player)."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.reader = toys.mlp(toys.FACTORS, toys.FACTORS)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"labels"})

    def players(self) -> dict[str, Player]:
        return {"reader": Player(self.reader, 1e-2)}

    def forward(self, q: Posterior, v: Tensor, step: int) -> Losses:
        columns = q.mean[:, : toys.FACTORS]
        own = F.mse_loss(self.scale * columns, v)
        read = F.mse_loss(self.reader(columns).float(), v)
        return Losses({"model": own, "reader": read}, {"supervised": own})
