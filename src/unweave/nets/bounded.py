"""Codes in -1 to 1 that cannot shrink: batch normalisation, then tanh."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EPSILON = 1e-10


class Bounded(nn.Module):
    """Codes (B, columns), float32 in -1 to 1, of what an encoder maps images to.

    Each column has mean 0 and variance 1 over the batch before the tanh, without a learned scale:
    a penalty on the length of codes or of their differences cannot be met by small codes.
    EPSILON is far below any variance, or codes would shrink to where it counts.
    """

    def __init__(self, encoder: nn.Module, columns: int):
        super().__init__()
        self.encoder = encoder
        self.norm = nn.BatchNorm1d(columns, eps=EPSILON, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.norm(self.encoder(x).float()))
