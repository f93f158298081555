"""KL + off * sum of squared covariances + diagonal * sum of (variance - 1)^2: DIP-VAE.

Kumar et al. (2018), eq. 6 and 7.

Kind "i" takes the covariance of the means over the batch, kind "ii" that of q(z), to which each
image's own variance adds (the law of total covariance), on the diagonal only.
"""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor

from unweave.maths.divergence import covariance, distance_from_identity
from unweave.methods.base import Part
from unweave.methods.regularisers.sharing import of_two_columns
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior

Weight = Annotated[
    float,
    Setting("nats of loss per squared covariance", low=0, search=(1, 2, 5, 10, 20, 50, 100)),
]


class Moments(Part):
    """Penalises the distance of the codes' covariance from the identity.

    The weights are disentanglement_lib's lambda_od and lambda_d, 1 and 10 times lambda_od there
    (kinds ii and i).
    """

    stochastic = True

    def __init__(
        self,
        *,
        kind: Annotated[Literal["i", "ii"], Setting("covariance of the means, or of q(z)")] = "ii",
        off: Weight = 10.0,
        diagonal: Weight = 10.0,
    ):
        super().__init__()
        self.kind = kind
        self.off = off
        self.diagonal = diagonal

    def forward(self, q: Posterior, z: Tensor, step: int, rows: slice) -> Losses:
        assert q.log_var is not None  # stochastic: the VAE has checked
        kl = q.kl().sum(1).mean()
        # law of total covariance: kind ii adds the mean variance of the images, on the diagonal
        log_var: Tensor | None = None
        if self.kind == "ii":
            log_var = q.log_var[rows]  # (M, D)
        matrix = covariance(q.mean[rows], log_var)  # (D, D)
        off, diagonal = distance_from_identity(matrix, of_two_columns(q, rows))
        loss = kl + self.off * off + self.diagonal * diagonal
        terms = {"kl": kl, "covariance": off, "variance": diagonal}
        units = {"kl": NATS, "covariance": "squared covariance", "variance": "squared covariance"}
        return Losses({"model": loss}, terms, units)
