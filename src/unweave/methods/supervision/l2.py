"""Squared error of each mean, times a learned scale, to its label.

Locatello et al. (2020b), appendix.

**Departures** from disentanglement_lib: labels are standardised, so that a factor of 40 values does
not outweigh one of 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unweave.methods.supervision.base import Supervision, mean_known


class SquaredError(Supervision):
    """Makes each column linear in its factor."""

    unit = "squared deviations of the labels"

    def make_learned(self, factor_sizes: tuple[int, ...]) -> None:
        self.scale = nn.Parameter(torch.ones(()))

    def loss(self, mean: Tensor, v: Tensor) -> Tensor:
        target = self.standardised(v.nan_to_num())  # (B, K)
        predicted = self.scale * mean[:, : self.factors]
        return mean_known((predicted - target).square(), v)
