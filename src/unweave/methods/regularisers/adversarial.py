"""Adversarial divergence: a critic separates codes from samples of the prior, and the encoder
deceives it: the adversarial autoencoder, AAE (Makhzani et al., 2015, section 2).

**Departures**: both move in one turn from the same codes, in place of two phases; the encoder's
loss is -log D(z).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.methods.base import Part, Player
from unweave.settings import Setting
from unweave.types import Losses


class Adversarial(Part):
    """A divergence of the aggregated posterior; adds the player "critic".

    critic: codes (M, D) to logits (M,). Logs the critic's lower bound of the Jensen-Shannon
    divergence, at most log 2.
    """

    def __init__(
        self,
        critic: nn.Module,
        *,
        critic_lr: Annotated[
            float, Setting("the critic's learning rate", above=0, search=("log", 1e-5, 1e-3))
        ] = 1e-4,
    ):
        super().__init__()
        self.critic = critic
        self.critic_lr = critic_lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {"critic": {"inputs": known["latents"]}}

    def players(self) -> dict[str, Player]:
        adam = partial(torch.optim.Adam, betas=(0.5, 0.999))
        return {"critic": Player(self.critic, self.critic_lr, adam)}

    def forward(self, z: Tensor) -> Losses:
        code = self.critic(z).float()  # (M,) logits of codes
        prior = self.critic(torch.randn_like(z)).float()  # (M,) logits of samples of the prior
        # cross-entropy of the critic, for which the prior is the class 1
        critic = 0.5 * (F.softplus(-prior).mean() + F.softplus(code).mean())
        model = F.softplus(-code).mean()
        terms = {"jensen-shannon": math.log(2) - critic}
        return Losses({"model": model, "critic": critic}, terms, "nats")
