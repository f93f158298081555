"""Numbers: which floating point type this device computes convolutions in fastest, asked of the hardware, not assumed."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["auto", "bf16", "float32"]


def dtype_of(precision: Precision, device: torch.device) -> torch.dtype:
    """The type that autocast uses: bfloat16 where the hardware multiplies it natively, or where it was asked for."""
    if precision == "auto":
        return torch.bfloat16 if has_bf16(device) else torch.float32
    return torch.bfloat16 if precision == "bf16" else torch.float32


def has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 products run in hardware: AMX or AVX512-BF16 on a CPU, compute capability 8.0 on a GPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
    return False
