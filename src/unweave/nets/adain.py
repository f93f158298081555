"""Generator whose feature maps a second code modulates: adaptive instance normalisation (AdaIN).

Gabbay and Hoshen (2020): the content enters by dense layers, as a map of 4x4 or more; the class
enters only as the scale and offset of each channel after each doubling. The scale is used as it
is, without 1 +, so that a small class code gives a nearly blank image.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.3  # of the leaky ReLUs


class AdaINGenerator(nn.Module):
    """Class codes (B, K) and content codes (B, D) to logits (B, C, H, W).

    shape: (C, H, W) of the images. Maps start at a side of 4 or more and double as often as the
    sides can be halved: 64 and 32 at 4, 28 at 7, 24 at 6. ValueError for vectors and for sides of
    more than 8 that are odd.
    """

    def __init__(self, shape: tuple[int, ...], inputs: int, modulation: int, channels: int):
        super().__init__()
        if len(shape) != 3:
            raise ValueError(
                f"a generator of maps needs images (C, H, W), the data have shape {shape}"
            )
        colours, height, width = shape
        doublings = _doublings(height, width)
        side = (height >> doublings, width >> doublings)
        cells = side[0] * side[1]
        narrow = max(1, channels // 8)
        # content (B, D) -> a small map (B, channels, *side)
        self.dense = nn.Sequential(
            nn.Linear(inputs, cells * narrow),
            nn.LeakyReLU(SLOPE),
            nn.Linear(cells * narrow, cells * 2 * narrow),
            nn.LeakyReLU(SLOPE),
            nn.Linear(cells * 2 * narrow, cells * channels),
            nn.LeakyReLU(SLOPE),
            nn.Unflatten(1, (channels, *side)),
        )
        self.blocks = nn.ModuleList(Doubling(channels, modulation) for _ in range(doublings))
        last = max(1, channels // 4)
        # (B, channels, H, W) -> logits (B, colours, H, W)
        self.to_image = nn.Sequential(
            nn.Conv2d(channels, last, 5, padding=2),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(last, colours, 7, padding=3),
        )

    def forward(self, modulation: Tensor, content: Tensor) -> Tensor:
        x = self.dense(content)
        for block in self.blocks:
            x = block(x, modulation)
        logits: Tensor = self.to_image(x)
        return logits


class Doubling(nn.Module):
    """A map (B, C, H, W) to (B, C, 2 H, 2 W): nearest pixels, a convolution, AdaIN."""

    def __init__(self, channels: int, modulation: int):
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1)
        self.modulation = nn.Linear(modulation, 2 * channels)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        x = self.convolution(F.interpolate(x, scale_factor=2, mode="nearest"))
        # each channel of each image to mean 0 and variance 1, then scaled and moved by the code
        normal = F.instance_norm(F.leaky_relu(x, SLOPE))  # (B, C, 2 H, 2 W)
        offset, scale = self.modulation(code)[..., None, None].chunk(2, 1)  # (B, C, 1, 1) each
        return offset + scale * normal


def _doublings(height: int, width: int) -> int:
    """How often both sides can be halved and stay at 4 or more."""
    found = 0
    while all(side % 2 == 0 and side >= 8 for side in (height, width)):
        height //= 2
        width //= 2
        found += 1
    if found == 0 and max(height, width) > 8:
        raise ValueError(
            f"images of {height}x{width} cannot be halved to a side of 4 or more: "
            "give sides that are even, 32 or 64 say"
        )
    return found
