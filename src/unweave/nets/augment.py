"""Data augmentation: random changes of images, for losses that compare several views of one image.

Each function takes images (B, C, H, W) in [0, 1], in float32, float64 or bfloat16, with the
strength of the change of each, (B,), and returns images of the same shape, type, device and range;
gradients flow to the images. `Augment` draws the strengths from torch's default generator, as all
randomness in `losses`, so that a run with it is reproducible.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.settings import nearest


def shift(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Translation by whole pixels, int64 (B,); the border pixels are repeated into the gap."""
    _, channels, height, width = x.shape
    rows = (torch.arange(height, device=x.device) - down[:, None]).clamp(0, height - 1)  # (B, H)
    columns = (torch.arange(width, device=x.device) - right[:, None]).clamp(0, width - 1)  # (B, W)
    # pixels by row, then by column: an index for each image, the same for its channels
    x = x.gather(2, rows[:, None, :, None].expand(-1, channels, -1, width))
    return x.gather(3, columns[:, None, None, :].expand(-1, channels, height, -1))


def flip(x: Tensor, whether: Tensor) -> Tensor:
    """Horizontal flip of the images where `whether`, bool (B,)."""
    return torch.where(whether[:, None, None, None], x.flip(3), x)


def rotate(x: Tensor, degrees: Tensor) -> Tensor:
    """Rotation about the centre, counter-clockwise with row 0 on top, with linear interpolation."""
    angle = degrees.float() * math.pi / 180
    aspect = x.shape[2] / x.shape[3]  # coordinates run from -1 to 1 along both sides
    cos = angle.cos()
    sin = angle.sin()
    zero = torch.zeros_like(angle)
    return _resampled(x, [cos, -sin * aspect, zero, sin / aspect, cos, zero])


def crop(x: Tensor, side: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """A window of the image, resized to the image's size.

    side: of the window as a share of the image's, up to 1. down, right: its position, -1 and 1 at
    the borders.
    """
    zero = torch.zeros_like(side)
    return _resampled(x, [side, zero, (1 - side) * right, zero, side, (1 - side) * down])


def brightness(x: Tensor, by: Tensor) -> Tensor:
    """Brightness plus `by`, clipped to [0, 1]."""
    return (x + by[:, None, None, None].to(x.dtype)).clamp(0, 1)


def contrast(x: Tensor, factor: Tensor) -> Tensor:
    """The distance of each pixel from the image's mean times a factor, clipped to [0, 1]."""
    mean = x.mean((1, 2, 3), keepdim=True)
    return (mean + (x - mean) * factor[:, None, None, None].to(x.dtype)).clamp(0, 1)


def erase(x: Tensor, share: float, down: Tensor, right: Tensor) -> Tensor:
    """A box of `share` of the height and of the width is filled with the image's mean.

    down, right: position of the box, from 0 to 1.
    """
    boxes = []  # rows (B, H) and columns (B, W) inside
    for size, place in ((x.shape[2], down), (x.shape[3], right)):
        first = (place * (1 - share) * size)[:, None]  # (B, 1)
        at = torch.arange(size, device=x.device) + 0.5  # centres of the pixels
        boxes.append((at > first) & (at < first + share * size))
    inside = boxes[0][:, None, :, None] & boxes[1][:, None, None, :]  # (B, 1, H, W)
    return torch.where(inside, x.mean((2, 3), keepdim=True), x)


def noise(x: Tensor, deviation: float) -> Tensor:
    """Gaussian noise on each pixel, clipped to [0, 1]."""
    return (x + deviation * torch.randn_like(x)).clamp(0, 1)


def _resampled(x: Tensor, matrix: list[Tensor]) -> Tensor:
    """Images resampled at an affine map of their coordinates, 2 x 3 entries as tensors (B,).

    Border pixels are repeated outside of the image.
    """
    theta = torch.stack(matrix, 1).view(-1, 2, 3)  # (B, 6) -> (B, 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)  # (B, H, W, 2)
    found = F.grid_sample(x.float(), grid, padding_mode="border", align_corners=False)
    return found.clamp(0, 1).to(x.dtype)


def _pixels(x: Tensor, most: float) -> Tensor:
    return torch.randint(-int(most), int(most) + 1, (len(x),), device=x.device)


def _between(x: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(len(x), device=x.device)


def _random_crop(x: Tensor, cut: float) -> Tensor:
    side = _between(x, 1 - cut, 1.0)
    down = _between(x, -1.0, 1.0)
    right = _between(x, -1.0, 1.0)
    return crop(x, side, down, right)


def _random_erase(x: Tensor, share: float) -> Tensor:
    down = _between(x, 0.0, 1.0)
    right = _between(x, 0.0, 1.0)
    return erase(x, share, down, right)


# {name: (default strength, the change at random up to a strength)}
DRAWN: dict[str, tuple[float, Callable[[Tensor, float], Tensor]]] = {
    "shift": (4.0, lambda x, most: shift(x, _pixels(x, most), _pixels(x, most))),  # pixels
    "flip": (0.5, lambda x, chance: flip(x, _between(x, 0.0, 1.0) < chance)),  # probability
    "rotate": (10.0, lambda x, most: rotate(x, _between(x, -most, most))),  # degrees
    "crop": (0.2, _random_crop),  # of the side
    "brightness": (0.2, lambda x, most: brightness(x, _between(x, -most, most))),
    "contrast": (0.2, lambda x, most: contrast(x, _between(x, 1 - most, 1 + most))),
    "erase": (0.25, _random_erase),  # of the side
    "noise": (0.05, noise),  # standard deviation
}


class Augment(nn.Module):
    """Augmentations applied one after the other: `Augment("shift flip", shift=2.0)`.

    ways: names of `DRAWN`, separated by spaces; default strengths are there too. ValueError for an
    unknown name, and for the strength of one that is not among `ways`.
    """

    def __init__(self, ways: str, **strengths: float):
        super().__init__()
        chosen = ways.split()
        _check(chosen, list(DRAWN))
        _check(list(strengths), chosen)
        self.strengths: dict[str, float] = {}
        for name in chosen:
            default, _ = DRAWN[name]
            self.strengths[name] = float(strengths.get(name, default))

    def forward(self, x: Tensor) -> Tensor:
        for name, strength in self.strengths.items():
            _, change = DRAWN[name]
            x = change(x, strength)
        return x


def _check(names: list[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"images are not changed by {name!r} here; {nearest(name, known)}")
