"""Squared covariances of column r with factor k, r != k (Locatello et al., 2020b, appendix).

**Departures** from disentanglement_lib: labels are standardised, as in l2; columns beyond the factors count too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from unweave.maths.single import in_float32
from unweave.methods.supervision.base import Supervision


class Covariance(Supervision):
    """Keeps each factor out of the columns of the others, and says nothing of its own."""

    unit = "squared covariance"

    @in_float32
    def loss(self, mean: Tensor, v: Tensor) -> Tensor:
        known = (~v.isnan()).to(mean.dtype)
        count = known.sum(0).clamp(min=1)
        target = self.standardised(v.nan_to_num())
        target = (target - (target * known).sum(0) / count) * known
        cross = mean.T @ target / count  # (D, K): a centred label takes out the column's mean
        own = torch.eye(self.latents, self.factors, dtype=torch.bool, device=mean.device)
        return cross.masked_fill(own, 0.0).square().sum()
