"""A frozen exponential moving average of a module, as a module."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn


class Average(nn.Module):
    """A copy that follows `of` at rate 1 - decay, in evaluation mode for ever: the method's train() does not wake it."""

    def __init__(self, of: nn.Module, decay: float):
        super().__init__()
        self.module, self.decay = copy.deepcopy(of).requires_grad_(False).eval(), decay

    @torch.no_grad()
    def follow(self, of: nn.Module) -> None:
        """Move towards `of`; its buffers are copied as they are."""
        for mine, its in zip(self.module.parameters(), of.parameters(), strict=True):
            mine.lerp_(its, 1 - self.decay)
        for held, now in zip(self.module.buffers(), of.buffers(), strict=True):
            held.copy_(now)

    def train(self, mode: bool = True) -> Average:
        """Stay in evaluation mode."""
        return super().train(False)

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        return self.module(*inputs, **keywords)
