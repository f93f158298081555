"""Channels-last memory layout of convolution weights."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def channels_last(method: Network) -> Network:
    """The module, with the weights of its convolutions in the faster channels-last layout."""
    for module in method.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
    return method
