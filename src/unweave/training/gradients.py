"""A gradient as the optimiser takes it: in the memory layout of its weight, and no longer than the player allows."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def laid_out(gradient: Tensor | None, weight: Tensor) -> Tensor | None:
    """A gradient in the strides of its weight, as backward() leaves it and autograd.grad does not.

    Fused optimisers read both as raw storage: in other strides, each number would move another weight.
    """
    if gradient is None or gradient.layout is not torch.strided or gradient.stride() == weight.stride():
        return gradient
    return torch.empty_like(weight).copy_(gradient)


def clip(weights: list[nn.Parameter], limit: float, norm: Tensor) -> None:
    """Scale the gradients down to the limit; into new tensors, for two weights may share one (that of a sum)."""
    scale = (limit / (norm + 1e-6)).clamp(max=1.0)
    for weight in weights:
        if weight.grad is not None:
            weight.grad = weight.grad * scale.to(weight.device)
