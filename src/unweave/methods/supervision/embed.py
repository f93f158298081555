"""Learned embeddings of a factor's values as points on its column, to classify the mean.

softmax over j of -((mean_k - e_kj) * s_k)^2, cross-entropy with the label (Locatello et al., 2020b,
appendix): for factors whose values have no order.

**Departures**: the points start evenly spaced from -1 to 1, and s is learned for each factor.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.methods.supervision.base import Supervision, mean_known


class Embedding(Supervision):
    """Clusters the means of images with equal values of a factor."""

    def make_learned(self, factor_sizes: tuple[int, ...]) -> None:
        points = []
        for n in factor_sizes:
            evenly_spaced = torch.linspace(-1, 1, max(n, 1))
            points.append(nn.Parameter(evenly_spaced, requires_grad=n > 1))
        self.points = nn.ParameterList(points)
        self.sharpness = nn.Parameter(torch.ones(len(factor_sizes)))

    def loss(self, mean: Tensor, v: Tensor) -> Tensor:
        labels = v.nan_to_num().long()
        each = []
        for k, points in enumerate(self.points):
            distance = mean[:, k : k + 1] - points  # (B, values of factor k)
            logits = -((distance * self.sharpness[k]) ** 2)
            each.append(F.cross_entropy(logits, labels[:, k], reduction="none"))  # (B,)
        return mean_known(torch.stack(each, 1), v)
