"""Squared error of each mean, scaled by a learned number, to its label (Locatello et al., 2020b, appendix).

**Departures** from disentanglement_lib: labels are standardised, so that a factor of 40 values does not outweigh one of 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unweave.methods.supervision.base import Schedule, Steps, Supervision, Weight, mean_known


class SquaredError(Supervision):
    """Makes each column linear in its factor."""

    unit = "squared deviations of the labels"

    def __init__(
        self,
        factor_sizes: tuple[int, ...],
        latents: int,
        *,
        weight: Weight = 64.0,
        schedule: Schedule = "fixed",
        schedule_steps: Steps = 0,
    ):
        super().__init__(factor_sizes, latents, weight=weight, schedule=schedule, schedule_steps=schedule_steps)
        self.scale = nn.Parameter(torch.ones(()))

    def loss(self, mean: Tensor, v: Tensor) -> Tensor:
        target = self.standardised(v.nan_to_num())
        return mean_known((self.scale * mean[:, : self.factors] - target).square(), v)
