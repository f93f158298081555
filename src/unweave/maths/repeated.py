"""Rows of a batch that repeat an earlier one, for estimates over rows that differ."""

from __future__ import annotations

from torch import Tensor


def first(number: Tensor) -> Tensor:
    """Which rows (B,) have a number (B,) that no earlier row of the batch has."""
    same = number[:, None] == number  # (B, B)
    # below the diagonal are the earlier rows
    return ~same.tril(-1).any(1)
