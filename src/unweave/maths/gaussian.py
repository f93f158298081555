"""Diagonal Gaussians: log density, KL divergence, products and mixtures of a group. In nats."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from unweave.maths.single import in_float32

LOG_2PI = math.log(2 * math.pi)


def log_density(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Log N(z; mean, exp(log_var)), element by element, broadcast."""
    return -0.5 * ((z - mean) ** 2 * torch.exp(-log_var) + log_var + LOG_2PI)


@in_float32
def log_densities(
    z: Float[Tensor, "M D"], mean: Float[Tensor, "N D"], log_var: Float[Tensor, "N D"]
) -> Float[Tensor, "N M"]:
    """Entry i, j: log N(z_j; mean_i, exp(log_var_i)), the sum over columns.

    Without an array (N, M, D): three products in place of `log_density`, broadcast and summed.
    """
    # (z - mean)^2 / var, multiplied out: two terms with z, and one of the density alone
    precision = torch.exp(-log_var)  # (N, D)
    squares = precision @ (z**2).T - 2 * (mean * precision) @ z.T  # (N, M)
    own = (mean**2 * precision + log_var + LOG_2PI).sum(1, keepdim=True)  # (N, 1)
    return -0.5 * (squares + own)


def log_standard(z: Tensor) -> Tensor:
    """Log N(z; 0, 1), element by element."""
    return -0.5 * (z**2 + LOG_2PI)


def kl(mean: Tensor, log_var: Tensor, to_mean: Tensor, to_log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(to_mean, exp(to_log_var))), element by element, in nats.

    For the prior N(0, 1) see `types.Posterior.kl`, which adds its terms in another order.
    """
    gap = to_log_var - log_var
    return 0.5 * (gap - 1 + torch.exp(-gap) + (mean - to_mean) ** 2 * torch.exp(-to_log_var))


# In the three averages of a group, `weight` (G, M) is 1/r for each row of an image that occurs r
# times in its group, so that each different image counts once; None where all of them differ.


def product(
    mean: Float[Tensor, "G M D"],
    log_var: Float[Tensor, "G M D"],
    weight: Float[Tensor, "G M"] | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean and log variance (G, 1, D) of the normalised product of M densities: precisions add."""
    log_precision = -log_var  # (G, M, D)
    if weight is not None:
        log_precision = weight.log()[..., None] - log_var
    joint = -torch.logsumexp(log_precision, 1, keepdim=True)  # (G, 1, D)
    # means weighted by their shares of the precision
    joint_mean = (mean * torch.exp(joint + log_precision)).sum(1, keepdim=True)
    return joint_mean, joint


def geometric(
    mean: Float[Tensor, "G M D"],
    log_var: Float[Tensor, "G M D"],
    weight: Float[Tensor, "G M"] | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean and log variance (G, 1, D) of the normalised geometric mean of M densities.

    Precisions are averaged, so the variance does not shrink with the size of the group.
    """
    joint_mean, joint_log_var = product(mean, log_var, weight)
    return joint_mean, joint_log_var + _log_count(log_var, weight)


def mixture(
    mean: Float[Tensor, "G M D"],
    log_var: Float[Tensor, "G M D"],
    weight: Float[Tensor, "G M"] | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean of the means and log mean of the variances of M densities, (G, 1, D): GVAE's average.

    It is narrower than the mixture, whose variance has that of the means too.
    """
    each = log_var  # (G, M, D)
    if weight is not None:
        each = weight.log()[..., None] + log_var
    # log of the mean of the variances
    joint = torch.logsumexp(each, 1, keepdim=True) - _log_count(log_var, weight)
    if weight is None:
        return mean.mean(1, keepdim=True), joint
    part = (weight / weight.sum(1, keepdim=True))[..., None]  # (G, M, 1)
    return (part * mean).sum(1, keepdim=True), joint


def _log_count(log_var: Tensor, weight: Tensor | None) -> Tensor | float:
    """Log of the number of different images of each group, (G, 1, 1)."""
    if weight is None:
        return math.log(log_var.shape[1])
    return weight.sum(1).log()[:, None, None]
