"""Checksum of named tensors, to detect damaged weights or another network."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import torch
from torch import Tensor


def checksum(tensors: Mapping[str, Tensor], text: str = "") -> str:
    """CRC-32 of names, values and a text, eight hex digits; independent of device and layout."""
    total = zlib.crc32(text.encode())
    for name in sorted(tensors):
        flat = tensors[name].detach().cpu().contiguous().reshape(-1)
        content = flat.view(torch.uint8).numpy()  # (bytes,)
        total = zlib.crc32(name.encode(), total)
        total = zlib.crc32(content.data, total)
    return f"{total:08x}"
