"""gamma * abs(mean KL - C(step)), C growing linearly: the annealed VAE.

Burgess et al. (2018), eq. 8.

The absolute value is that of the batch's mean, as in disentanglement_lib: the KL may differ between
images. By default C reaches its final value after a third of the run, as there (100,000 of 300,000
steps).
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from unweave.maths.schedule import ramp
from unweave.methods.base import Part
from unweave.settings import Setting
from unweave.types import NATS, Losses, Posterior

RAMP = 1 / 3  # of the run


class Capacity(Part):
    """Keeps the KL at a growing capacity, which is logged. steps: the run's length, filled in."""

    stochastic = True

    def __init__(
        self,
        steps: int = 0,
        *,
        gamma: Annotated[
            float, Setting("nats of loss per nat of distance", low=0, search=("log", 10, 1000))
        ] = 1000.0,
        capacity: Annotated[
            float, Setting("final KL in nats", low=0, search=(5, 10, 25, 50, 75, 100))
        ] = 25.0,
        ramp_steps: Annotated[
            int | None,
            Setting("steps until the final capacity; a third of the run unless given", low=0),
        ] = None,
    ):
        super().__init__()
        self.gamma = gamma
        self.capacity = capacity
        self.ramp_steps = round(RAMP * steps) if ramp_steps is None else ramp_steps

    def forward(self, q: Posterior, z: Tensor, step: int, rows: slice) -> Losses:
        kl = q.kl().sum(1).mean()
        capacity = self.capacity * ramp(step, self.ramp_steps)
        terms = {"kl": kl, "capacity": torch.full_like(kl, capacity)}
        return Losses({"model": self.gamma * (kl - capacity).abs()}, terms, NATS)
