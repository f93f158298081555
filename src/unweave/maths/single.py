"""float32 for statistics of codes in a training loop under bfloat16 autocast.

Autocast computes matrix products in bfloat16, of float32 tensors too. Networks train well with
that. A covariance, a kernel's product or a log of a mean of exponentials is itself minimised, and
would be accurate to two or three digits.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
T = TypeVar("T")


def in_float32(f: Callable[P, T]) -> Callable[P, T]:
    """`f` without autocast: tensors of lower precision are cast to float32; float64 is not cast."""

    @functools.wraps(f)
    def outside(*given: P.args, **named: P.kwargs) -> T:
        device = next(t.device.type for t in given if isinstance(t, Tensor))
        if not torch.is_autocast_enabled(device):
            return f(*given, **named)
        with torch.autocast(device, enabled=False):
            values = [_single(value) for value in given]
            keywords = {name: _single(value) for name, value in named.items()}
            # a cast keeps the type that P promises
            return f(*values, **keywords)  # type: ignore[arg-type]

    return outside


def _single(t: object) -> object:
    if isinstance(t, Tensor) and t.dtype in (torch.bfloat16, torch.float16):
        return t.float()
    return t
