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
    """KL(N(mean, exp(log_var)) || N(to_mean, exp(to_log_var))), element by element, in nats.

    To the prior N(0, 1) it is `types.Posterior.kl`, whose sums are in an order of their own.
    """
    gap = to_log_var - log_var
    return 0.5 * (gap - 1 + torch.exp(-gap) + (mean - to_mean) ** 2 * torch.exp(-to_log_var))


# In the three joins of a group, `weight` (G, M) counts an image that stands r times in its group as 1/r each time, so
# that the group has as much evidence as it has images; None where all of them differ.


def product(
    mean: Float[Tensor, "G M D"], log_var: Float[Tensor, "G M D"], weight: Float[Tensor, "G M"] | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and log variance (G, 1, D) of the normalised product of M densities: precisions add up."""
    log_precision = -log_var if weight is None else weight.log()[..., None] - log_var
    joint = -torch.logsumexp(log_precision, 1, keepdim=True)
    return (mean * torch.exp(joint + log_precision)).sum(1, keepdim=True), joint


def geometric(
    mean: Float[Tensor, "G M D"], log_var: Float[Tensor, "G M D"], weight: Float[Tensor, "G M"] | None = None
) -> tuple[Tensor, Tensor]:
    """The same of their normalised geometric mean: precisions are averaged, so a group is no surer than an image."""
    joint_mean, joint_log_var = product(mean, log_var, weight)
    return joint_mean, joint_log_var + _log_count(log_var, weight)


def mixture(
    mean: Float[Tensor, "G M D"], log_var: Float[Tensor, "G M D"], weight: Float[Tensor, "G M"] | None = None
) -> tuple[Tensor, Tensor]:
    """Mean of the means and of the variances of M densities, (G, 1, D): GVAE's average, narrower than the mixture."""
    each = log_var if weight is None else weight.log()[..., None] + log_var
    joint = torch.logsumexp(each, 1, keepdim=True) - _log_count(log_var, weight)
    if weight is None:
        return mean.mean(1, keepdim=True), joint
    part = (weight / weight.sum(1, keepdim=True))[..., None]  # (G, M, 1)
    return (part * mean).sum(1, keepdim=True), joint


def _log_count(log_var: Tensor, weight: Tensor | None) -> Tensor | float:
    """Log of the number of different images of each group, (G, 1, 1)."""
    return math.log(log_var.shape[1]) if weight is None else weight.sum(1).log()[:, None, None]
