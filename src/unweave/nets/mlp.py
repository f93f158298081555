"""Fully connected networks: an encoder and a decoder for small images or vectors, and the critic of FactorVAE."""

from __future__ import annotations

import math
from typing import Annotated

from torch import nn

from unweave.settings import Setting

Width = Annotated[int, Setting("units of a hidden layer", low=1, search=(256, 512, 1200))]
Depth = Annotated[int, Setting("hidden layers", low=1, search=(1, 2, 3))]


class MLPEncoder(nn.Sequential):
    """Anything (B, *shape) to (B, outputs); ReLU. The default is disentanglement_lib's fc_encoder."""

    def __init__(self, shape: tuple[int, ...], outputs: int, *, width: Width = 1200, depth: Depth = 2):
        super().__init__(nn.Flatten(), *layers(math.prod(shape), outputs, width, depth, nn.ReLU()))


class MLPDecoder(nn.Sequential):
    """Codes (B, inputs) to (B, *shape), logits or means; tanh. The default is disentanglement_lib's fc_decoder.

    With `batch_norm` each hidden layer is normalised over the batch, before its activation (Ioffe and Szegedy, 2015).
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        inputs: int,
        *,
        width: Width = 1200,
        depth: Depth = 3,
        batch_norm: Annotated[bool, Setting("whether hidden layers are normalised over the batch")] = False,
    ):
        body = layers(inputs, math.prod(shape), width, depth, nn.Tanh(), batch_norm)
        super().__init__(*body, nn.Unflatten(1, shape))


class Critic(nn.Sequential):
    """Codes (B, inputs) to one logit (B,); leaky ReLU of slope 0.2 (Kim and Mnih, 2018, appendix A).

    **Departures**: one output where the paper has two, whose difference it is.
    """

    def __init__(self, inputs: int, *, width: Width = 1000, depth: Depth = 6):
        super().__init__(*layers(inputs, 1, width, depth, nn.LeakyReLU(0.2)), nn.Flatten(0))


def layers(
    inputs: int, outputs: int, width: int, depth: int, between: nn.Module, batch_norm: bool = False
) -> list[nn.Module]:
    """`depth` hidden layers of `width` units with an activation after each, then a linear layer; Glorot start."""
    sizes = [inputs, *[width] * depth]
    linear = [nn.Linear(a, b) for a, b in zip(sizes, [*sizes[1:], outputs], strict=True)]
    for layer in linear:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    norms = [[nn.BatchNorm1d(width)] if batch_norm else [] for _ in range(depth)]
    return [m for layer, norm in zip(linear, norms, strict=False) for m in (layer, *norm, between)] + [linear[-1]]
