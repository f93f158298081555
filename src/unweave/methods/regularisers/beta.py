"""beta * KL(q(z given x) || p(z)): the VAE (beta = 1; Kingma and Welling, 2014) and beta-VAE
(Higgins et al., 2017, eq. 4).
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor

from unweave.methods.base import Part
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior


class Beta(Part):
    """The KL divergence to the prior, weighted. Codes have a variance unless beta is 0."""

    def __init__(
        self,
        *,
        beta: Annotated[
            float, Setting("nats of loss per nat of KL", low=0, search=(1, 2, 4, 6, 8, 16))
        ] = 4.0,
    ):
        super().__init__()
        self.beta = beta
        self.stochastic = beta > 0

    def forward(self, q: Posterior, z: Tensor, step: int, rows: slice) -> Losses:
        kl = q.kl().sum(1).mean()
        return Losses({"model": self.beta * kl}, {"kl": kl}, NATS)
