"""Fully connected encoder and decoder for vectors and small images, and FactorVAE's critic.

With `batch_norm` each hidden layer is normalised over the batch, before its activation (Ioffe and
Szegedy, 2015).
"""

from __future__ import annotations

import itertools
import math
from typing import Annotated

from torch import nn

from unweave.settings import Setting

Width = Annotated[int, Setting("units of a hidden layer", low=1, search=(256, 512, 1200))]
Depth = Annotated[int, Setting("hidden layers", low=1, search=(1, 2, 3))]

BatchNorm = Annotated[bool, Setting("whether hidden layers are normalised over the batch")]


class MLPEncoder(nn.Sequential):
    """Data (B, *shape) to (B, outputs); ReLU. The default is disentanglement_lib's fc_encoder."""

    def __init__(
        self,
        shape: tuple[int, ...],
        outputs: int,
        *,
        width: Width = 1200,
        depth: Depth = 2,
        batch_norm: BatchNorm = False,
    ):
        super().__init__(
            nn.Flatten(), *layers(math.prod(shape), outputs, width, depth, nn.ReLU(), batch_norm)
        )


class MLPDecoder(nn.Sequential):
    """Codes (B, inputs) to (B, *shape), logits or means; tanh.

    The default is disentanglement_lib's fc_decoder.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        inputs: int,
        *,
        width: Width = 1200,
        depth: Depth = 3,
        batch_norm: BatchNorm = False,
    ):
        body = layers(inputs, math.prod(shape), width, depth, nn.Tanh(), batch_norm)
        super().__init__(*body, nn.Unflatten(1, shape))


class Critic(nn.Sequential):
    """Codes (B, inputs) to a logit (B,); leaky ReLU, slope 0.2 (Kim and Mnih, 2018, appendix A).

    **Departures**: one output, the difference of the paper's two.
    """

    def __init__(self, inputs: int, *, width: Width = 1000, depth: Depth = 6):
        super().__init__(*layers(inputs, 1, width, depth, nn.LeakyReLU(0.2)), nn.Flatten(0))


def layers(
    inputs: int, outputs: int, width: int, depth: int, between: nn.Module, batch_norm: bool = False
) -> list[nn.Module]:
    """`depth` hidden layers of `width` units, each with an activation, then a linear layer.

    Weights are Glorot-uniform, biases 0. batch_norm: before each activation.
    """
    sizes = [inputs, *[width] * depth, outputs]
    # all layers are made before the first is initialised: the order of random numbers is kept
    linear = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    for layer in linear:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    found: list[nn.Module] = []
    for layer in linear[:-1]:
        found.append(layer)
        if batch_norm:
            found.append(nn.BatchNorm1d(width))
        found.append(between)
    return [*found, linear[-1]]
