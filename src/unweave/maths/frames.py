"""Frames of clips at random: some of each clip, and windows of consecutive ones."""

from __future__ import annotations

import torch
from torch import Tensor


def drawn(clips: Tensor, count: int) -> Tensor:
    """`count` different frames (count, B, C, H, W) of each clip (B, M, C, H, W), at random."""
    rows = torch.arange(len(clips), device=clips.device)
    # the order of random numbers of the M frames: the first `count` of a permutation
    offsets = torch.rand(clips.shape[:2], device=clips.device).argsort(1)[:, :count]  # (B, count)
    return clips[rows, offsets.T]


def windows(clips: Tensor, length: int) -> Tensor:
    """Consecutive frames (B, length, C, H, W) of each clip (B, M, C, H, W), from a random start."""
    rows = torch.arange(len(clips), device=clips.device)
    first = torch.randint(clips.shape[1] - length + 1, (len(clips), 1), device=clips.device)
    offsets = first + torch.arange(length, device=clips.device)  # (B, length)
    return clips[rows[:, None], offsets]
