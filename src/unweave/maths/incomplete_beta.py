"""Regularised incomplete beta function I_x(1/2, nu/2): the CDF of Student's t and of F(1, nu).

torch lacks it.

P(F(1, nu) <= s) = P(abs(T(nu)) <= sqrt(s)) = I_x(1/2, nu/2)  with  x = s / (s + nu)

For even nu, b = nu/2 is an integer, and the function is a finite sum of positive terms:

    I_x(1/2, b) = sqrt(x) * sum over j < b of c_j (1 - x)^j
    c_j = Gamma(1/2 + j) / (Gamma(1/2) j!)

For others it is computed by scipy, on the CPU. The gradient is the beta density in both cases.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def half_beta(x: Float[Tensor, "*shape"], nu: Tensor | int | float) -> Float[Tensor, "*shape"]:
    """I_x(1/2, nu/2) of x from 0 to 1, element by element, in x's type and on its device.

    nu: degrees of freedom above 0, a number or a tensor that is broadcast to x; it gets no
    gradient. Differentiable where x is above 0 and below 1.
    """
    freedom = torch.as_tensor(nu, dtype=x.dtype, device=x.device)
    found: Tensor = _HalfBeta.apply(x, freedom)
    return found


class _HalfBeta(torch.autograd.Function):
    """The function, with the beta density as its derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, nu: Tensor) -> Tensor:
        ctx.save_for_backward(x, nu)
        one = float(nu.flatten()[0])
        if one % 2 == 0 and bool((nu == one).all()):
            return _finite_sum(x, int(one) // 2)
        return _by_scipy(x, nu)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        x, nu = ctx.saved_tensors
        # d I_x(1/2, b) / dx = x^(-1/2) (1 - x)^(b - 1) / B(1/2, b)
        b = nu / 2
        log_beta = math.lgamma(0.5) + torch.lgamma(b) - torch.lgamma(b + 0.5)
        log_density = -0.5 * x.log() + (b - 1) * torch.log1p(-x) - log_beta
        return gradients[0] * log_density.exp(), None


def _finite_sum(x: Tensor, b: int) -> Tensor:
    """I_x(1/2, b) for an integer b."""
    # c_j of the module's formula, by logarithms: a factorial would overflow
    j = torch.arange(b, dtype=x.dtype, device=x.device)  # (b,)
    coefficients = torch.exp(torch.lgamma(j + 0.5) - math.lgamma(0.5) - torch.lgamma(j + 1))
    terms = coefficients * (1 - x)[..., None] ** j  # (*shape, b)
    return (x.sqrt() * terms.sum(-1)).clamp(max=1)


def _by_scipy(x: Tensor, nu: Tensor) -> Tensor:
    """I_x(1/2, nu/2) for any nu."""
    from scipy.special import betainc

    found = betainc(0.5, nu.double().cpu().numpy() / 2, x.double().cpu().numpy())
    return torch.as_tensor(found, dtype=x.dtype, device=x.device)
