"""Each value of a factor a learned point on its column's line; the mean is classified by its distance to them.

softmax over j of -((mean_k - e_kj) * s_k)^2, cross-entropy with the label (Locatello et al., 2020b, appendix): for
factors whose values have no order.

**Departures**: the points start evenly spaced from -1 to 1, and s is learned for each factor.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.methods.supervision.base import Supervision, mean_known


class Embedding(Supervision):
    """Gathers the means of images with equal values."""

    def make_learned(self, factor_sizes: tuple[int, ...]) -> None:
        self.points = nn.ParameterList([nn.Parameter(torch.linspace(-1, 1, max(n, 1)), n > 1) for n in factor_sizes])
        self.sharpness = nn.Parameter(torch.ones(len(factor_sizes)))

    def loss(self, mean: Tensor, v: Tensor) -> Tensor:
        labels = v.nan_to_num().long()
        each = [
            F.cross_entropy(-(((mean[:, k : k + 1] - points) * self.sharpness[k]) ** 2), labels[:, k], reduction="none")
            for k, points in enumerate(self.points)
        ]
        return mean_known(torch.stack(each, 1), v)
