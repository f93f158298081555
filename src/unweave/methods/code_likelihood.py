"""Likelihood of the codes of a first model, of which some columns are not used (M1+M2)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from unweave.maths.gaussian import LOG_2PI
from unweave.nets.likelihood import Likelihood

LOG_FLOOR = math.log(1e-4)  # least log variance of a column


class CodeLikelihood(Likelihood):
    """A Gaussian of each column that is used, its mean and log variance side by side."""

    def __init__(self, columns: int):
        super().__init__()
        self.register_buffer("used", torch.ones(columns))
        self.used: Tensor

    def mean(self, output: Tensor) -> Tensor:
        """The means, (B, columns), 0 where a column is not used."""
        return output.float().chunk(2, 1)[0] * self.used

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p of codes x (B, columns), (B,), nats, over the columns that are used."""
        mean, free = output.float().chunk(2, 1)  # (B, columns) each
        # about `free`, where that is above the floor
        log_var = LOG_FLOOR + F.softplus(free - LOG_FLOOR)
        nats = 0.5 * ((x - mean) ** 2 / log_var.exp() + log_var + LOG_2PI)
        return (nats * self.used).sum(1)
