"""Perceptual distance of images, by several scales and by the features of a pretrained network.

Gabbay and Hoshen (2020) compare the features of a VGG16 that was trained on ImageNet. Nothing is
downloaded here: without a file the distance is of the images, averaged over windows of 1, 2, 4, ...
pixels. A `.safetensors` file with torchvision's weights of VGG16 gives theirs beside it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.nets.frozen import Frozen, weights_of

# channels of the convolutions of each stage, after which comes a pooling
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
LAYERS = ("3", "8", "13", "22", "30")  # after relu1_2, relu2_2, relu3_2, relu4_3 and pool5
MEAN = (0.485, 0.456, 0.406)  # of ImageNet's colours
STD = (0.229, 0.224, 0.225)
LEAST = 64  # images are enlarged to this side before VGG


class Perceptual(nn.Module):
    """Distance of images (B, C, H, W) in [0, 1] to others, (B,), each scale and layer a mean.

    vgg: a .safetensors file of VGG16's convolutions, with torchvision's names; empty for none.
    ValueError if it cannot be read.
    """

    def __init__(self, vgg: str = ""):
        super().__init__()
        self.features: Frozen | None = None
        if vgg:
            self.features = pretrained(vgg)

    def forward(self, made: Tensor, x: Tensor) -> Tensor:
        distance = pyramid(made, x)
        if self.features is not None:
            distance = distance + self._by_features(self.features, made, x)
        return distance

    def _by_features(self, features: Frozen, made: Tensor, x: Tensor) -> Tensor:
        """Sum over layers of the mean absolute difference of their features, (B,)."""
        of_made = features.features(_enlarged(made), LAYERS)
        of_x = features.features(_enlarged(x), LAYERS)
        apart = [a - b for a, b in zip(of_made, of_x, strict=True)]  # (B, C, h, w) of each layer
        return torch.stack([layer.abs().flatten(1).mean(1) for layer in apart]).sum(0)


def pyramid(made: Tensor, x: Tensor) -> Tensor:
    """Sum over scales of the mean absolute difference, (B,).

    Of pixels, of means of 2x2 pixels, and so on down to a side of 4.

    >>> pyramid(torch.ones(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))
    tensor([2.])
    """
    apart = made - x  # (B, C, H, W)
    total = apart.abs().flatten(1).mean(1)
    # the mean of differences is the difference of means, so one pyramid serves both images
    while min(apart.shape[-2:]) >= 8:
        apart = F.avg_pool2d(apart, 2)
        total = total + apart.abs().flatten(1).mean(1)
    return total


def vgg16() -> nn.Sequential:
    """The convolutions of VGG16, in torchvision's order: 31 layers."""
    layers: list[nn.Module] = []
    inside = 3
    for stage in VGG16:
        for channels in stage:
            layers += [nn.Conv2d(inside, channels, 3, padding=1), nn.ReLU()]
            inside = channels
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def pretrained(path: str) -> Frozen:
    """VGG16 with the weights of a file, whose names may begin with "features."; others are ignored.

    ValueError for a file that cannot be read or has no such weights.
    """
    network = vgg16()
    named = {name.removeprefix("features."): weight for name, weight in weights_of(path).items()}
    weights = {name: weight for name, weight in named.items() if name in network.state_dict()}
    return Frozen.of_weights(path, network, weights, mean=MEAN, std=STD)


def _enlarged(x: Tensor) -> Tensor:
    if x.shape[1] == 1:
        x = x.expand(-1, 3, -1, -1)
    if min(x.shape[-2:]) >= LEAST:
        return x
    return F.interpolate(x, size=(LEAST, LEAST), mode="bilinear", align_corners=False)
