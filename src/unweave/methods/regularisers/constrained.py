"""Reconstruction under the constraint KL <= delta, by a Lagrange multiplier beta >= 0.

    min over model, max over beta:  -E log p(x given z) + beta * (KL - delta)

beta-VAE's own derivation (Higgins et al., 2017, eq. 2 and 3): the model descends, and the
multiplier ascends until the constraint is tight, or falls to 0 where it does not bind. delta is a
setting, and beta is learned.
"""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Tensor, nn

from unweave.methods.base import Part, Player
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior


class NonNegative(torch.optim.SGD):
    """Projected gradient descent: negative values become 0 after each step."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step, projected."""
        loss = super().step(closure)
        for group in self.param_groups:
            for weight in group["params"]:
                weight.clamp_(min=0)
        return loss


class Constrained(Part):
    """Keeps the KL below delta; adds the player "multiplier", whose loss is minus the model's."""

    stochastic = True

    def __init__(
        self,
        *,
        delta: Annotated[
            float, Setting("largest mean KL in nats", above=0, search=(5, 10, 20, 40))
        ] = 20.0,
        multiplier_lr: Annotated[
            float,
            Setting(
                "growth of beta per step and nat above delta", above=0, search=("log", 1e-3, 1e-1)
            ),
        ] = 1e-2,
    ):
        super().__init__()
        self.delta = delta
        self.multiplier_lr = multiplier_lr
        self.beta = nn.Parameter(torch.ones(()))

    def players(self) -> dict[str, Player]:
        return {"multiplier": Player(self.beta, self.multiplier_lr, NonNegative)}

    def forward(self, q: Posterior, z: Tensor, step: int, rows: slice) -> Losses:
        kl = q.kl().sum(1).mean()
        price = self.beta * (kl - self.delta)
        terms = {"kl": kl, "beta": self.beta.clone()}
        units = {"kl": NATS, "beta": "nats of loss per nat of KL"}
        return Losses({"model": price, "multiplier": -price}, terms, units)
