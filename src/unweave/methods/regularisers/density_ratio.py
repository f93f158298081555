"""KL + gamma * TC(z), with the total correlation estimated by a critic: FactorVAE.

Kim and Mnih (2018), eq. 2 and 3.

The critic learns to separate codes from codes whose columns were shuffled over the batch; its logit
is an estimate of log q(z) / prod q(z_d). It is a separate player: its loss has no gradient for the
encoder, without a detach.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.methods.base import Part, Player
from unweave.methods.regularisers.sharing import paid
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior

FEWEST = {"same": 2, "second": 4}  # codes to shuffle: one code, shuffled, is itself


class DensityRatio(Part):
    """Total correlation by density ratio; adds the player "critic".

    critic: codes (B, D) to logits (B,). Its accuracy is logged: near .5 it finds no total
    correlation, or has not learned.

    A critic that learns more slowly than the encoder finds no total correlation, and then nothing
    is disentangled: its loss stays near log 2 = .69 and its accuracy near .5, while TC(z) is some
    nats (`information_terms`). In batches of 64 that happened to one seed of three; in batches of
    256, with a critic of 256 units and a rate of .001, seven seeds of eight had a MIG of .42 to
    .53, and one of .22, with a KL twice that of the others (recipe `factor-vae`).

    **Departures**: with `batches` "same", as in disentanglement_lib, the shuffled codes are those
    of the batch itself; with "second", as in the paper, of another batch: here the second half, and
    the first half is penalised.
    """

    def __init__(
        self,
        critic: nn.Module,
        *,
        gamma: Annotated[
            float, Setting("nats of loss per nat of TC", low=0, search=(10, 20, 30, 40, 50, 100))
        ] = 10.0,
        critic_lr: Annotated[
            float, Setting("the critic's learning rate", above=0, search=("log", 1e-5, 1e-3))
        ] = 1e-4,
        batches: Annotated[Literal["same", "second"], Setting("whose codes are shuffled")] = "same",
    ):
        super().__init__()
        self.critic = critic
        self.gamma = gamma
        self.critic_lr = critic_lr
        self.batches = batches

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {"critic": {"inputs": known["latents"]}}

    def players(self) -> dict[str, Player]:
        adam = partial(torch.optim.Adam, betas=(0.5, 0.9))
        return {"critic": Player(self.critic, self.critic_lr, adam)}

    def forward(self, q: Posterior, z: Tensor, step: int, rows: slice) -> Losses:
        kl = q.kl().sum(1).mean()
        z = paid(q, z)[rows]  # (M, D)
        least = FEWEST[self.batches]
        if len(z) < least:
            raise ValueError(
                f"density-ratio shuffles the codes of a batch ({self.batches}); "
                f"{len(z)} of different images or groups are too few: give {least}"
            )
        here = z
        other = z
        if self.batches == "second":
            here, other = z.chunk(2)  # (M / 2, D) each
        # logits of codes, and of samples of the product of the marginals
        log_ratio = self.critic(here).float()  # (M,)
        shuffled = self.critic(shuffle_columns(other)).float()
        # TC = E log q(z) / prod q(z_d), and the critic's cross-entropy
        total_correlation = log_ratio.mean()
        critic = 0.5 * (F.softplus(-log_ratio).mean() + F.softplus(shuffled).mean())
        terms = {"kl": kl, "total correlation": total_correlation, "critic": critic}
        turn = Losses({"model": kl + self.gamma * total_correlation, "critic": critic}, terms, NATS)
        return turn + Losses({}, {"critic accuracy": accuracy(log_ratio, shuffled)}, "share")


def accuracy(real: Tensor, shuffled: Tensor) -> Tensor:
    """Balanced accuracy of logits (M,) of codes and of shuffled codes: .5 at chance."""
    return 0.5 * ((real > 0).float().mean() + (shuffled <= 0).float().mean())


def shuffle_columns(z: Tensor) -> Tensor:
    """Each column of z (B, D) permuted independently: samples of the product of the marginals."""
    order = torch.rand(z.shape, device=z.device).argsort(0)  # a permutation in each column
    return z.gather(0, order)
