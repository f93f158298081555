"""Diagonal Gaussians: log density, KL, products and mixtures of a group. In nats; the last axis is the column."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


def log_density(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Log N(z; mean, exp(log_var)), element by element, broadcast."""
    return -0.5 * ((z - mean) ** 2 * torch.exp(-log_var) + log_var + LOG_2PI)


def log_standard(z: Tensor) -> Tensor:
    """Log N(z; 0, 1), element by element."""
    return -0.5 * (z**2 + LOG_2PI)


def kl(mean: Tensor, log_var: Tensor, to_mean: Tensor, to_log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(to_mean, exp(to_log_var))), element by element, in nats."""
    gap = to_log_var - log_var
    return 0.5 * (gap - 1 + torch.exp(-gap) + (mean - to_mean) ** 2 * torch.exp(-to_log_var))


def product(mean: Float[Tensor, "G M D"], log_var: Float[Tensor, "G M D"]) -> tuple[Tensor, Tensor]:
    """Mean and log variance (G, 1, D) of the normalised product of M densities: precisions add up."""
    joint = -torch.logsumexp(-log_var, 1, keepdim=True)
    return (mean * torch.exp(joint - log_var)).sum(1, keepdim=True), joint


def geometric(mean: Float[Tensor, "G M D"], log_var: Float[Tensor, "G M D"]) -> tuple[Tensor, Tensor]:
    """The same of their normalised geometric mean: precisions are averaged, so a group is no surer than an image."""
    joint_mean, joint_log_var = product(mean, log_var)
    return joint_mean, joint_log_var + math.log(log_var.shape[1])


def mixture(mean: Float[Tensor, "G M D"], log_var: Float[Tensor, "G M D"]) -> tuple[Tensor, Tensor]:
    """Mean of the means and of the variances of M densities, (G, 1, D): GVAE's average, narrower than the mixture."""
    joint = torch.logsumexp(log_var, 1, keepdim=True) - math.log(log_var.shape[1])
    return mean.mean(1, keepdim=True), joint
