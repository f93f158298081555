"""Unit of labels that are indices from 0, if all values of a factor are equally frequent."""

from __future__ import annotations

from torch import Tensor


def centre_and_deviation(sizes: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation (K,) of the uniform distribution over 0 ... size - 1; at least 1/2."""
    # of n values: variance (n^2 - 1) / 12, and 1/2 is the deviation of two values
    deviation = ((sizes**2 - 1) / 12).sqrt().clamp(min=0.5)
    return (sizes - 1) / 2, deviation
