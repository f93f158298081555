"""Other pictures of the same thing: images changed at random, each in its own way, for losses that compare them.

Each function takes images (B, C, H, W) in [0, 1], in float32, float64 or bfloat16, with numbers (B,) that say how far each
is changed, and gives images of the same shape, type, device and range; gradients flow to the images. `Augment` draws these
numbers from torch's default generator, as all else in `losses`, so a run with it repeats itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.settings import nearest


def shift(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Moved by whole pixels, int64; the border is drawn out to where nothing came from."""
    _, channels, height, width = x.shape
    rows = (torch.arange(height, device=x.device) - down[:, None]).clamp(0, height - 1)  # (B, H)
    columns = (torch.arange(width, device=x.device) - right[:, None]).clamp(0, width - 1)  # (B, W)
    x = x.gather(2, rows[:, None, :, None].expand(-1, channels, -1, width))
    return x.gather(3, columns[:, None, None, :].expand(-1, channels, height, -1))


def flip(x: Tensor, whether: Tensor) -> Tensor:
    """Left and right change places where `whether`, bool."""
    return torch.where(whether[:, None, None, None], x.flip(3), x)


def rotate(x: Tensor, degrees: Tensor) -> Tensor:
    """Turned about the middle, counter-clockwise as one sees it with row 0 on top, between pixels linearly."""
    angle, aspect = degrees.float() * math.pi / 180, x.shape[2] / x.shape[3]
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return _looked_at(x, [cos, -sin * aspect, zero, sin / aspect, cos, zero])


def crop(x: Tensor, side: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """A window of `side` of the image, up to 1, made as large as it. down, right: its place, -1 and 1 at the borders."""
    zero = torch.zeros_like(side)
    return _looked_at(x, [side, zero, (1 - side) * right, zero, side, (1 - side) * down])


def brightness(x: Tensor, by: Tensor) -> Tensor:
    """Lighter by so much, black and white cut off."""
    return (x + by[:, None, None, None].to(x.dtype)).clamp(0, 1)


def contrast(x: Tensor, factor: Tensor) -> Tensor:
    """The distance of each pixel from the image's mean times a factor, black and white cut off."""
    mean = x.mean((1, 2, 3), keepdim=True)
    return (mean + (x - mean) * factor[:, None, None, None].to(x.dtype)).clamp(0, 1)


def erase(x: Tensor, share: float, down: Tensor, right: Tensor) -> Tensor:
    """A box of `share` of the height and of the width becomes the image's mean. down, right: its place, from 0 to 1."""
    boxes = []
    for size, place in ((x.shape[2], down), (x.shape[3], right)):
        first = (place * (1 - share) * size)[:, None]  # (B, 1)
        at = torch.arange(size, device=x.device) + 0.5
        boxes.append((at > first) & (at < first + share * size))
    inside = boxes[0][:, None, :, None] & boxes[1][:, None, None, :]  # (B, 1, H, W)
    return torch.where(inside, x.mean((2, 3), keepdim=True), x)


def noise(x: Tensor, deviation: float) -> Tensor:
    """Gaussian noise on each pixel, black and white cut off."""
    return (x + deviation * torch.randn_like(x)).clamp(0, 1)


def _looked_at(x: Tensor, matrix: list[Tensor]) -> Tensor:
    """Images sampled at an affine map of their own places, six numbers (B,) of 2 x 3; beyond the border its pixels go on."""
    theta = torch.stack(matrix, 1).view(-1, 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x.float(), grid, padding_mode="border", align_corners=False).clamp(0, 1).to(x.dtype)


def _pixels(x: Tensor, most: float) -> Tensor:
    return torch.randint(-int(most), int(most) + 1, (len(x),), device=x.device)


def _between(x: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(len(x), device=x.device)


DRAWN: dict[str, tuple[float, Callable[[Tensor, float], Tensor]]] = {  # name: (strength, drawn at a strength)
    "shift": (4.0, lambda x, most: shift(x, _pixels(x, most), _pixels(x, most))),  # pixels
    "flip": (0.5, lambda x, chance: flip(x, _between(x, 0.0, 1.0) < chance)),
    "rotate": (10.0, lambda x, most: rotate(x, _between(x, -most, most))),  # degrees
    "crop": (0.2, lambda x, cut: crop(x, _between(x, 1 - cut, 1.0), _between(x, -1.0, 1.0), _between(x, -1.0, 1.0))),
    "brightness": (0.2, lambda x, most: brightness(x, _between(x, -most, most))),
    "contrast": (0.2, lambda x, most: contrast(x, _between(x, 1 - most, 1 + most))),
    "erase": (0.25, lambda x, share: erase(x, share, _between(x, 0.0, 1.0), _between(x, 0.0, 1.0))),  # of the side
    "noise": (0.05, noise),
}


class Augment(nn.Module):
    """Images changed by each of the named ways in turn: `Augment("shift flip", shift=2.0)`; strengths are those of `DRAWN`.

    ValueError for a way that there is not, and for the strength of one that is not among them.
    """

    def __init__(self, ways: str, **strengths: float):
        super().__init__()
        for name, known in [(n, DRAWN) for n in ways.split()] + [(n, ways.split()) for n in strengths]:
            if name not in known:
                raise ValueError(f"images are not changed by {name!r} here; {nearest(name, known)}")
        self.strengths = {name: float(strengths.get(name, DRAWN[name][0])) for name in ways.split()}

    def forward(self, x: Tensor) -> Tensor:
        for name, strength in self.strengths.items():
            x = DRAWN[name][1](x, strength)
        return x
