"""Random permutations without a fixed point."""

from __future__ import annotations

import torch
from torch import Tensor


def derangement(n: int, device: torch.device | None = None) -> Tensor:
    """A random permutation (n,) of one cycle: no number keeps its place.

    ValueError for n below 2.
    """
    if n < 2:
        raise ValueError(f"a permutation of {n} has a fixed point; it takes at least 2")
    # the numbers around a circle at random, each sent to the one before it
    order = torch.randperm(n, device=device)  # (n,)
    found = torch.empty_like(order)
    found[order] = order.roll(1)
    return found
