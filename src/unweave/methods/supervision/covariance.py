"""Squared covariances of column r with factor k, r != k (Locatello et al., 2020b, appendix).

**Departures** from disentanglement_lib: labels are standardised, as in l2; columns beyond the
factors count too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from unweave.maths.single import in_float32
from unweave.methods.supervision.base import Supervision


class Covariance(Supervision):
    """Penalises covariances of each factor with the columns of the others, and not with its own."""

    unit = "squared covariance"

    @in_float32
    def loss(self, mean: Tensor, v: Tensor) -> Tensor:
        known = (~v.isnan()).to(mean.dtype)  # (B, K)
        count = known.sum(0).clamp(min=1)  # (K,): labelled images of each factor
        # labels centred over the images that have them, 0 elsewhere
        target = self.standardised(v.nan_to_num())  # (B, K)
        target = (target - (target * known).sum(0) / count) * known
        # (D, K): with centred labels, the means need not be centred
        cross = mean.T @ target / count
        own = torch.eye(self.latents, self.factors, dtype=torch.bool, device=mean.device)
        return cross.masked_fill(own, 0.0).square().sum()
