"""Exponential moving average of a module's weights, as a frozen module."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn


class Average(nn.Module):
    """A copy of `of`, updated by `follow` at rate 1 - decay; always in evaluation mode."""

    def __init__(self, of: nn.Module, decay: float):
        super().__init__()
        self.module = copy.deepcopy(of).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def follow(self, of: nn.Module) -> None:
        """One step of the average towards `of`; buffers are copied without averaging."""
        for own, other in zip(self.module.parameters(), of.parameters(), strict=True):
            own.lerp_(other, 1 - self.decay)
        for buffer, other_buffer in zip(self.module.buffers(), of.buffers(), strict=True):
            buffer.copy_(other_buffer)

    def train(self, mode: bool = True) -> Average:
        """Stay in evaluation mode."""
        return super().train(False)

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        return self.module(*inputs, **keywords)
