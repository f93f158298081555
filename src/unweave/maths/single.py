"""Single precision inside a loop that trains in less: what is computed of codes is not computed in bfloat16.

Autocast runs matrix products in bfloat16, of float32 tensors too. A network bears that. A covariance, a kernel's product
or a log of a mean of exponentials is a number that is minimised, and would be right to two or three digits.
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
    """`f` outside autocast: tensors of lower precision come as float32, and float64 stays what it is."""

    @functools.wraps(f)
    def outside(*given: P.args, **named: P.kwargs) -> T:
        device = next(t.device.type for t in given if isinstance(t, Tensor))
        if not torch.is_autocast_enabled(device):
            return f(*given, **named)
        with torch.autocast(device, enabled=False):
            return f(*map(_single, given), **{name: _single(t) for name, t in named.items()})  # type: ignore[arg-type]

    return outside


def _single(t: object) -> object:
    return t.float() if isinstance(t, Tensor) and t.dtype in (torch.bfloat16, torch.float16) else t
