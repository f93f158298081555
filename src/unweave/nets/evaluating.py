"""Evaluation mode of a network inside a block of code, and the fixed codes of clips."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn


@contextlib.contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode inside the block, each sub-module's own mode after it."""
    modes = {m: m.training for m in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for m, mode in modes.items():
            m.training = mode


def codes_of_clips(encoder: nn.Module, clips: Tensor) -> Tensor:
    """Codes (B, M, D) of clips (B, M, C, H, W), in evaluation mode and without a gradient."""
    with evaluating(encoder), torch.no_grad():
        codes: Tensor = encoder(clips.flatten(0, 1))
    return codes.unflatten(0, clips.shape[:2])
