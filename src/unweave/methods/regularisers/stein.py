"""Stein variational gradient towards the prior (Liu and Wang, 2016, eq. 8; Zhao et al., 2019, section 4.2).

The loss is a surrogate whose gradient moves each code along phi, the direction in which the KL to the prior falls
fastest: -z . stop_gradient(phi), mean over the batch. (With the sign of its usual statement the codes flee.)
"""

from __future__ import annotations

from torch import Tensor

from unweave.maths.divergence import stein_direction
from unweave.methods.base import Part
from unweave.types import Losses


class Stein(Part):
    """A divergence of the aggregated posterior; logs the mean length of phi, 0 at the prior."""

    def forward(self, z: Tensor) -> Losses:
        phi = stein_direction(z.detach())
        return Losses({"model": -(z * phi).sum(1).mean()}, {"stein": phi.norm(dim=1).mean()}, "length of phi")
