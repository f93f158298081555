"""Swaps of style and content in triplets, and the pairs of images that the discriminator compares.

A triplet is x1 and x1' of one class and x2 of another.
"""

from __future__ import annotations

import torch
from torch import Tensor


def swaps(n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows of style and of content of all images that are decoded from n triplets, (7 n,) each.

    They number rows of all x1, then x1', then x2. First each image with its own content (3 n), then
    x1 and x1' with that of one another (2 n), then with that of another class: style of x2 and
    content of x1', style of x1' and content of x2 (2 n).
    """
    one, two, three = torch.arange(3 * n, device=device).chunk(3)
    style = torch.cat([one, two, three, one, two, three, two])
    content = torch.cat([one, two, three, two, one, two, three])
    return style, content


def beside_made(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """What the discriminator sees beside an image of content and style of two classes.

    x: triplets (B, 3, ...); y: their classes (B, 3). Returns an image (2 B, ...) of the class of
    the content, and that class (2 B,).
    """
    partner = torch.cat([x[:, 0], x[:, 2]])
    return partner, torch.cat([y[:, 0], y[:, 2]])


def real_pairs(x: Tensor, *, by_class: bool) -> tuple[Tensor, Tensor]:
    """Real images (2 B, ...) of triplets (B, 3, ...), and their partners (2 B, ...).

    by_class: x1' and x2, which are seen with their classes; else both orders of x1 and x1'.
    """
    first, second, other = x.unbind(1)
    beside = torch.cat([first, second])
    if by_class:
        return torch.cat([second, other]), beside
    return torch.cat([second, first]), beside
