"""Memory layout and clipping of gradients before the optimiser step."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def laid_out(gradient: Tensor | None, weight: Tensor) -> Tensor | None:
    """A gradient with the strides of its weight, as from backward(), but not from autograd.grad.

    Fused optimisers read both as raw storage: with other strides, entries would update the wrong
    weights.
    """
    if gradient is None or gradient.layout is not torch.strided:
        return gradient
    if gradient.stride() == weight.stride():
        return gradient
    return torch.empty_like(weight).copy_(gradient)


def entries(gradient: Tensor) -> Tensor:
    """The stored entries of a gradient: of a sparse one its values."""
    if gradient.is_sparse:
        return gradient.coalesce().values()
    return gradient


def clip(weights: list[nn.Parameter], limit: float, norm: Tensor) -> None:
    """Scale the gradients so that their norm is at most the limit.

    The results are new tensors, since two weights may share one gradient (that of a sum).
    """
    scale = (limit / (norm + 1e-6)).clamp(max=1.0)
    for weight in weights:
        if weight.grad is not None:
            weight.grad = weight.grad * scale.to(weight.device)
