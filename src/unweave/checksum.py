"""A checksum of tensors by name: a flipped bit, or another network, would pass for the one that is meant."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import torch
from torch import Tensor


def checksum(tensors: Mapping[str, Tensor], text: str = "") -> str:
    """CRC-32 of names, values and a text, eight digits; on any device, in any memory layout."""
    total = zlib.crc32(text.encode())
    for name in sorted(tensors):
        values = tensors[name].detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        total = zlib.crc32(values.data, zlib.crc32(name.encode(), total))
    return f"{total:08x}"
