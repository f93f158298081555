"""Discriminator of images beside their class, or beside another image of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Discriminator(nn.Module):
    """Logits (B,) of images (B, C, H, W) beside their class, or beside another image of it.

    encoder: images, or pairs of them as channels, to features. classes: 0 for pairs.
    """

    def __init__(self, encoder: nn.Module, features: int, classes: int):
        super().__init__()
        self.encoder = encoder
        self.of_all = nn.Linear(features, 1)
        self.of_class = nn.Embedding(classes, features) if classes else None

    def forward(self, x: Tensor, partner: Tensor, y: Tensor) -> Tensor:
        # features (B, features), then a logit: of pairs linear, of classes with their projection
        if self.of_class is None:
            found = F.leaky_relu(self.encoder(torch.cat([partner, x], 1)).float(), 0.2)
            logits: Tensor = self.of_all(found)
        else:
            found = F.leaky_relu(self.encoder(x).float(), 0.2)
            logits = self.of_all(found) + (found * self.of_class(y)).sum(1, keepdim=True)
        return logits.squeeze(1)


def towards(target: float, logits: Tensor) -> Tensor:
    """Mean cross-entropy of logits (B,) to a probability."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))
