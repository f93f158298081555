"""The memory layout of a method's weights."""

from __future__ import annotations

import torch
from torch import nn

from unweave.methods.base import Method


def channels_last(method: Method) -> Method:
    """The method with its convolutions' weights in the layout in which they are fast."""
    for module in method.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
    return method
