"""What a method answers after training, checked: a wrong type or shape is named with its class."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from unweave.methods.base import Method
from unweave.text import kind
from unweave.types import Posterior


def encoded(method: Method, x: Tensor) -> Posterior:
    """The posterior of images (B, ...). ValueError if `encode` gives something else."""
    q: Any = method.encode(x)
    name = f"{type(method).__name__}.encode"
    if not isinstance(q, Posterior):
        raise ValueError(f"{name} gives {kind(q)}; expected a Posterior")
    _refuse(f"{name} gives a Posterior whose mean is", q.mean, len(x), "(B, D)")
    return q


def decoded(method: Method, z: Tensor) -> Tensor:
    """The images of codes (B, D). ValueError if `decode` gives something else."""
    x: Any = method.decode(z)
    _refuse(f"{type(method).__name__}.decode gives", x, len(z), "images (B, C, H, W)")
    return x


def prior_codes(method: Method, n: int) -> Tensor:
    """Codes (n, D) from the prior. ValueError if `sample_prior` gives something else."""
    z: Any = method.sample_prior(n)
    _refuse(f"{type(method).__name__}.sample_prior gives", z, n, "codes (n, D)")
    return z


def bound(method: Method, x: Tensor) -> Tensor:
    """The lower bound (B,) of log p(x). ValueError if `elbo` gives something else."""
    found: Any = method.elbo(x)
    _refuse(f"{type(method).__name__}.elbo gives", found, len(x), "nats (B,)", 1)
    return found


def _refuse(gives: str, found: Any, rows: int, expected: str, axes: int = 0) -> None:
    """ValueError unless `found` is a tensor of these rows, of `axes` or else of more than one."""
    if not isinstance(found, Tensor):
        raise ValueError(f"{gives} {kind(found)}; expected a tensor, {expected}")
    fits = found.ndim == axes if axes else found.ndim > 1
    if not fits or len(found) != rows:
        raise ValueError(
            f"{gives} a tensor of shape {tuple(found.shape)} for {rows} rows; expected {expected}"
        )
