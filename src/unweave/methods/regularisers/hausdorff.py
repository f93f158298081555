"""beta * KL + gamma * support gap: Hausdorff factorised support, HFS.

Roth et al. (2023), eq. 6 and 7. It requires that every combination of the columns' values is
possible, not that the columns are independent, and so applies to data with correlated factors.

**Departures**: no term for the scale of the codes, which the KL limits.
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor

from unweave.maths.divergence import support_gap
from unweave.methods.base import Part
from unweave.methods.regularisers.sharing import of_two_columns
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior


class Hausdorff(Part):
    """Penalises the distance of the means' support from the product of the columns' supports.

    Both supports are of pairs of columns. Codes have a variance unless beta is 0.
    """

    def __init__(
        self,
        *,
        beta: Annotated[
            float, Setting("nats of loss per nat of KL", low=0, search=(0, 1, 2, 4))
        ] = 1.0,
        gamma: Annotated[
            float, Setting("nats of loss per squared distance", low=0, search=("log", 1, 1000))
        ] = 10.0,
        pairs: Annotated[int, Setting("random pairs of columns in a step; 0 for all", low=0)] = 25,
        draws: Annotated[int, Setting("random corners of the product; 0 for all", low=0)] = 100,
    ):
        super().__init__()
        self.beta = beta
        self.gamma = gamma
        self.pairs = pairs
        self.draws = draws
        self.stochastic = beta > 0

    def forward(self, q: Posterior, z: Tensor, step: int, rows: slice) -> Losses:
        kl = q.kl().sum(1).mean()
        weight = of_two_columns(q, rows)  # (D, D)
        gap = support_gap(q.mean[rows], pairs=self.pairs, draws=self.draws, weight=weight)
        terms = {"kl": kl, "support gap": gap}
        units = {"kl": NATS, "support gap": "squared distance of codes"}
        return Losses({"model": self.beta * kl + self.gamma * gap}, terms, units)
