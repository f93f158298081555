"""(1 - alpha) * KL + (alpha + lam - 1) * D(q(z) || p(z)), for a strict divergence D: InfoVAE.

Zhao et al. (2019), eq. 6.

alpha = 0, lam = 1 is the VAE, alpha = 1 - lam the beta-VAE if D is the KL, alpha = 1 with MMD the
MMD-VAE, and alpha = lam = 1 with the adversarial divergence the AAE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from torch import Tensor

from unweave.methods.base import Part, Player
from unweave.methods.regularisers.sharing import paid
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior


class Info(Part):
    """Trades the KL of each image for a divergence of the aggregated posterior.

    divergence: codes (M, D) -> Losses, of which the model's is an estimate of D, or a loss that
    falls as D does. ValueError if alpha + lam < 1: the divergence would be maximised (the default
    of another package). Codes have a variance unless alpha is 1.
    """

    def __init__(
        self,
        divergence: Part,
        *,
        alpha: Annotated[
            float, Setting("nats of information kept per nat", high=1, search=(0, 0.5, 1))
        ] = 1.0,
        lam: Annotated[
            float, Setting("weight of the aggregated posterior", above=0, search=("log", 1, 1000))
        ] = 100.0,
    ):
        super().__init__()
        if alpha + lam < 1:
            raise ValueError(
                f"alpha + lam is {alpha + lam:g}; "
                "it has to be at least 1, or the divergence would grow"
            )
        self.divergence = divergence
        self.alpha = alpha
        self.lam = lam
        self.stochastic = alpha < 1

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {"divergence": {"latents": known["latents"]}}

    def players(self) -> dict[str, Player]:
        return self.divergence.players()

    def forward(self, q: Posterior, z: Tensor, step: int, rows: slice) -> Losses:
        kl = q.kl().sum(1).mean()
        found = self.divergence(paid(q, z)[rows])  # of codes (M, D)
        model = (1 - self.alpha) * kl + (self.alpha + self.lam - 1) * found.of["model"]
        units = {term: found.unit(term) for term in found.terms}
        units["kl"] = NATS
        return Losses(found.of | {"model": model}, found.terms | {"kl": kl}, units)
