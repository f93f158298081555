"""Cross-entropy of each mean, as a logit, with its label as a fraction: S2-VAE.

Locatello et al. (2020b), section 4.

sum over k of -[f log s(mean_k) + (1 - f) log(1 - s(mean_k))], f = label / number of values, below
1, as the authors' is.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from unweave.methods.supervision.base import Supervision, mean_known


class CrossEntropy(Supervision):
    """Orders each column along its factor; best where labels are ordinal."""

    def loss(self, mean: Tensor, v: Tensor) -> Tensor:
        fraction = v.nan_to_num() / self.sizes  # (B, K), from 0 to below 1
        logits = mean[:, : self.factors]
        each = F.binary_cross_entropy_with_logits(logits, fraction, reduction="none")
        return mean_known(each, v)
