"""Stein variational gradient descent towards the prior.

Liu and Wang (2016), eq. 8; Zhao et al. (2019), section 4.2.

The loss is a surrogate whose gradient moves each code along phi, the direction in which the KL to
the prior falls fastest: -z . stop_gradient(phi), mean over the batch. (With the sign as usually
stated, the codes move away from the prior.)
"""

from __future__ import annotations

from torch import Tensor

from unweave.maths.divergence import stein_direction
from unweave.methods.base import Part
from unweave.types import Losses


class Stein(Part):
    """A divergence of the aggregated posterior; logs the mean length of phi, 0 at the prior."""

    def forward(self, z: Tensor) -> Losses:
        phi = stein_direction(z.detach())  # (M, D)
        surrogate = -(z * phi).sum(1).mean()
        terms = {"stein": phi.norm(dim=1).mean()}
        return Losses({"model": surrogate}, terms, "length of phi")
