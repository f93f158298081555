"""Scene discriminator: are two poses of one clip? By features of each, compared.

The role is that of C in Denton and Birodkar (2017), section 3.1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SceneDiscriminator(nn.Module):
    """Logits (B, B) of pose i and pose j being of one clip: f(p_i) . f(p_j) / sqrt(columns) + bias.

    encoder: poses (B, D) to features f (B, columns).
    """

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, poses: Tensor, others: Tensor) -> Tensor:
        first, second = self.encoder(torch.cat([poses, others])).float().chunk(2)  # (B, columns)
        logits: Tensor = first @ second.T / first.shape[1] ** 0.5 + self.bias
        return logits


def scene_loss(logits: Tensor) -> Tensor:
    """Cross-entropy of logits (B, B) whose diagonal is of one clip each, all others of two.

    The mean over the diagonal and the mean over the rest are added.
    """
    same, others = same_and_others(logits)
    return F.softplus(-same).mean() + F.softplus(others).mean()


def same_and_others(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The diagonal (B,) of logits (B, B), and the rest (B * (B - 1),)."""
    apart = ~torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    return logits.diagonal(), logits[apart]
