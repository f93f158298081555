"""Convolutional encoder and decoder of disentanglement_lib, for any image size.

Locatello et al. (2019), table 1.

At 64x64x1 and 10 latents they are that library's networks, number for number: 309,204 and 381,313
parameters, Glorot-uniform weights, zero biases. Other sizes have as many halvings as give a side of
at most 4; `channels` sets their width.

**Departures**: images are padded at the bottom and right where a halving has an odd side, as with
"SAME".
"""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.nets.transposed import ConvTranspose2d
from unweave.settings import Setting

Channels = Annotated[
    int,
    Setting(
        "channels of the outer maps; the inner ones have twice as many", low=1, search=(16, 32)
    ),
]
Variant = Literal["locatello", "burgess"]


class Halve(nn.Conv2d):
    """A convolution of stride 2 that maps a side n to ceil(n / 2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__(inputs, outputs, kernel, stride=2, padding=(kernel - 2) // 2)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if height % 2 or width % 2:
            x = F.pad(x, (0, width % 2, 0, height % 2))
        return super().forward(x)


class Conv64Encoder(nn.Module):
    """Images (B, C, H, W) to (B, outputs): halvings to a side of 4, then 256 units; ReLU."""

    variant: Variant = "locatello"

    def __init__(self, shape: tuple[int, ...], outputs: int, *, channels: Channels = 32):
        super().__init__()
        inside, height, width = _image(shape)
        halvings = _halvings(height, width)
        layers: list[nn.Module] = []
        # each halving: (B, inside, h, w) -> (B, outside, h / 2, w / 2), rounded up
        for i in range(halvings):
            outside = channels
            kernel = 4
            if self.variant == "locatello" and i >= halvings - 2:  # its last two halvings
                outside = 2 * channels
                kernel = 2
            layers += [Halve(inside, outside, kernel), nn.ReLU(inplace=True)]
            inside = outside
        # (B, inside, 4, 4) for images of 64 -> (B, cells) -> (B, 256)
        cells = inside * _ceil(height, halvings) * _ceil(width, halvings)
        layers += [nn.Flatten(), nn.Linear(cells, 256), nn.ReLU(inplace=True)]
        if self.variant == "burgess":
            layers += [nn.Linear(256, 256), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers, nn.Linear(256, outputs))
        glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(channels_last(x))


class BurgessEncoder(Conv64Encoder):
    """The encoder of Burgess et al. (2018): 4x4 kernels, 32 channels, two dense layers of 256."""

    variant: Variant = "burgess"


class Conv64Decoder(nn.Module):
    """Codes (B, inputs) to logits (B, C, H, W): 256 units, a 4x4 map, doublings with 4x4 kernels.

    ReLU is between them.
    """

    variant: Variant = "locatello"

    def __init__(self, shape: tuple[int, ...], inputs: int, *, channels: Channels = 32):
        super().__init__()
        colours, height, width = _image(shape)
        doublings = _halvings(height, width)
        first = channels
        if self.variant == "locatello":
            first = 2 * channels
        side = (_ceil(height, doublings), _ceil(width, doublings))
        dense: list[nn.Module] = [nn.Linear(inputs, 256), nn.ReLU(inplace=True)]
        if self.variant == "burgess":
            dense += [nn.Linear(256, 256), nn.ReLU(inplace=True)]
        dense += [nn.Linear(256, first * side[0] * side[1]), nn.ReLU(inplace=True)]
        dense += [nn.Unflatten(1, (first, *side))]  # (B, cells) -> (B, first, *side)
        # channels before, between and after the doublings, each (B, C, h, w) -> (B, D, 2 h, 2 w)
        widths = [*[first, first, *[channels] * doublings][:doublings], colours]
        up: list[nn.Module] = []
        for inside, outside in itertools.pairwise(widths):
            up += [ConvTranspose2d(inside, outside, 4, stride=2, padding=1), nn.ReLU(inplace=True)]
        if not doublings:
            up += [nn.Conv2d(first, colours, 1), nn.ReLU(inplace=True)]
        self.dense = nn.Sequential(*dense)
        self.up = nn.Sequential(*up[:-1], Crop(height, width))  # no ReLU on the logits
        glorot(self)

    def forward(self, z: Tensor) -> Tensor:
        return self.up(channels_last(self.dense(z)))


class BurgessDecoder(Conv64Decoder):
    """The decoder of Burgess et al. (2018), the mirror of its encoder."""

    variant: Variant = "burgess"


class Crop(nn.Module):
    """The top left corner of a map, for images whose sides are not powers of 2."""

    def __init__(self, height: int, width: int):
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        return x[..., : self.height, : self.width]


def channels_last(x: Tensor) -> Tensor:
    """A map (B, C, H, W) with channels-last strides.

    One channel fits both layouts, and kernels are chosen by the strides, so these are set
    explicitly.
    """
    _, channels, height, width = x.shape
    if channels > 1:
        return x.contiguous(memory_format=torch.channels_last)
    return x.contiguous().as_strided(x.shape, (height * width, 1, width, 1))


def glorot(net: nn.Module) -> None:
    """TensorFlow's default initialisation, Glorot-uniform.

    Weights are uniform in +-sqrt(6 / (fan in + fan out)), biases 0.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def _image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError(
            f"a convolutional network needs images (C, H, W), the data have shape {shape}: "
            "choose mlp"
        )
    return shape[0], shape[1], shape[2]


def _halvings(height: int, width: int) -> int:
    """Halvings until the longer side is at most 4."""
    return max(0, math.ceil(math.log2(max(height, width) / 4)))


def _ceil(side: int, halvings: int) -> int:
    """Length of a side after halvings that round up."""
    return -(-side // 2**halvings)
