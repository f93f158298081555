"""Squared mutual information of column r with factor k, r != k, by neural estimation.

Belghazi et al. (2018), eq. 10.

K * D estimators of one hidden layer (Donsker-Varadhan bound) in one batched network are trained
with the model: player "estimators". S2-MINE-VAE of disentanglement_lib.

**Departures**: one optimiser step updates all estimators once (there each of the K * D steps
updates all of them); labels are standardised.
"""

from __future__ import annotations

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.maths.single import in_float32
from unweave.methods.base import Player
from unweave.methods.supervision.base import Schedule, Steps, Supervision, Weight
from unweave.settings import Setting
from unweave.types import Losses, Posterior


class MutualInformation(Supervision):
    """Penalises the mutual information of each factor with the columns of the others."""

    unit = "squared nats"

    def __init__(
        self,
        factor_sizes: tuple[int, ...],
        latents: int,
        *,
        weight: Weight = 64.0,
        schedule: Schedule = "fixed",
        schedule_steps: Steps = 0,
        estimators_lr: Annotated[float, Setting("the estimators' learning rate", above=0)] = 1e-2,
        width: Annotated[int, Setting("units of an estimator", low=1)] = 20,
    ):
        super().__init__(
            factor_sizes, latents, weight=weight, schedule=schedule, schedule_steps=schedule_steps
        )
        self.estimators_lr = estimators_lr
        pairs = (self.factors, latents)
        self.inner = nn.Parameter(torch.randn(*pairs, 2, width) / math.sqrt(2))
        self.shift = nn.Parameter(torch.zeros(*pairs, 1, width))
        self.outer = nn.Parameter(torch.randn(*pairs, width, 1) / math.sqrt(width))

    def players(self) -> dict[str, Player]:
        return {"estimators": Player((self.inner, self.shift, self.outer), self.estimators_lr)}

    def forward(self, q: Posterior, v: Tensor, step: int) -> Losses:
        bound = self.bound(q.mean, v)  # (K, D)
        own = torch.eye(self.factors, self.latents, dtype=torch.bool, device=bound.device)
        # the model lowers the information of the others' columns, the estimators raise every bound
        loss = bound.masked_fill(own, 0.0).square().sum()
        losses = {"model": self.strength(step) * loss, "estimators": -bound.sum()}
        return Losses(losses, {"supervised": loss}, self.unit)

    @in_float32
    def bound(self, mean: Tensor, v: Tensor) -> Tensor:
        """Lower bounds of I(factor k; column r) in nats, (K, D); 0 for a factor without labels."""
        known = ~v.isnan()  # (B, K)
        target = self.standardised(v.nan_to_num())  # (B, K)
        order = torch.rand(len(v), device=v.device).argsort()  # labels of other images
        count = known.sum(0)[:, None].clamp(min=1)  # (K, 1): labelled images of each factor
        # Donsker-Varadhan: mean score of the joint, less log mean exp score of the product of the
        # marginals; (K, D, B) -> (K, D)
        joint = self._score(mean, target).masked_fill(~known.T[:, None], 0.0).sum(2) / count
        shuffled = self._score(mean, target[order]).masked_fill(~known[order].T[:, None], -math.inf)
        product = shuffled.logsumexp(2) - count.log()
        return torch.where(known.any(0)[:, None], joint - product, 0.0)

    def _score(self, mean: Tensor, target: Tensor) -> Tensor:
        """Every estimator at every image: means (B, D) and labels (B, K) to (K, D, B)."""
        k = self.factors
        d = self.latents
        # every pair of a column and a factor: (K, D, B, 2)
        columns = mean.T.expand(k, d, -1)
        factors = target.T[:, None].expand(k, d, -1)
        pairs = torch.stack([columns, factors], 3)
        hidden = F.elu(pairs @ self.inner + self.shift)  # (K, D, B, width)
        return (hidden @ self.outer)[..., 0]
