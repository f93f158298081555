"""How far a sample of codes is from the prior N(0, I), or its columns from being independent: each from one minibatch.

| function | is 0 for | paper |
|---|---|---|
| mmd | equal distributions (estimate unbiased, so it may be negative) | Gretton et al. (2012), eq. 3; Zhao et al. (2019) |
| stein_direction | the prior | Liu and Wang (2016), eq. 8 |
| covariance, its distance from I | uncorrelated columns of variance 1 | Kumar et al. (2018), eq. 6 and 7 |
| support_gap | columns whose joint support is the product of their supports | Roth et al. (2023), eq. 6 |
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from unweave.maths.single import in_float32

Kernel = Literal["imq", "rbf", "infovae"]

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def squared_distances(a: Float[Tensor, "N D"], b: Float[Tensor, "M D"]) -> Float[Tensor, "N M"]:
    """Squared Euclidean distance of every row of `a` to every row of `b`."""
    return (a[:, None] - b[None]).square().sum(2)


def kernel(a: Float[Tensor, "N D"], b: Float[Tensor, "M D"], kind: Kernel = "imq") -> Float[Tensor, "N M"]:
    """k(a_i, b_j) of a positive definite kernel scaled for codes of N(0, I), of which 2 D is the mean squared distance.

    imq: the sum over seven scales s of c / (c + d2), c = 2 D s. rbf: exp(-d2 / (2 D)).
    infovae: exp(-d2 / D**2), that of the authors of InfoVAE; at 20 columns it hardly sees a collapsed posterior.
    """
    d2, columns = squared_distances(a, b), a.shape[1]
    if kind == "rbf":
        return torch.exp(-d2 / (2 * columns))
    if kind == "infovae":
        return torch.exp(-d2 / columns**2)
    total = torch.zeros_like(d2)
    for scale in SCALES:
        total = total + 2 * columns * scale / (2 * columns * scale + d2)
    return total


@in_float32
def mmd(a: Float[Tensor, "N D"], b: Float[Tensor, "M D"], kind: Kernel = "imq") -> Tensor:
    """Squared maximum mean discrepancy of two samples, unbiased. ValueError if one of them has fewer than two rows."""
    return (
        _off_diagonal_mean(kernel(a, a, kind)) + _off_diagonal_mean(kernel(b, b, kind)) - 2 * kernel(a, b, kind).mean()
    )


@in_float32
def stein_direction(z: Float[Tensor, "M D"]) -> Float[Tensor, "M D"]:
    """Where each sample has to move for the sample's KL to N(0, I) to fall fastest, in the unit ball of an RBF kernel.

    phi(z_i) = mean_j k(z_j, z_i) grad log p(z_j) + grad_j k(z_j, z_i), with bandwidth median(d2) / log(M + 1).
    """
    m = _at_least_two(len(z))
    d2 = squared_distances(z, z)
    apart = d2[~torch.eye(m, dtype=torch.bool, device=z.device)]
    bandwidth = apart.median().clamp(min=1e-12) / math.log(m + 1)
    k = torch.exp(-d2 / bandwidth)
    repulsion = 2 / bandwidth * (z * k.sum(1, keepdim=True) - k @ z)
    return (k @ -z + repulsion) / m


@in_float32
def covariance(mean: Float[Tensor, "M D"], log_var: Float[Tensor, "M D"] | None = None) -> Float[Tensor, "D D"]:
    """Covariance of the means over the batch (divided by M); with log_var, of q(z), to which each image's own adds."""
    centred = mean - mean.mean(0)
    of_means = centred.T @ centred / len(mean)
    return of_means if log_var is None else of_means + torch.diag(log_var.exp().mean(0))


def distance_from_identity(
    matrix: Float[Tensor, "D D"], weight: Float[Tensor, "D D"] | None = None
) -> tuple[Tensor, Tensor]:
    """Sum of squares off the diagonal; sum of squares of the diagonal less 1. weight: of each of them, 1 if None."""
    squares, diagonal = matrix.square(), (matrix.diagonal() - 1).square()
    if weight is not None:
        squares, diagonal = weight * squares, weight.diagonal() * diagonal
    return squares.sum() - squares.diagonal().sum(), diagonal.sum()


@in_float32
def support_gap(
    z: Float[Tensor, "M D"], *, pairs: int = 0, draws: int = 0, weight: Float[Tensor, "D D"] | None = None
) -> Tensor:
    """Hausdorff distance, squared and summed over pairs of columns, of the product of their supports to their support.

    For a pair: the corner (z_ai, z_bj) that lies farthest from its nearest code (z_ci, z_cj). pairs, draws: random pairs
    of columns and random corners of each; 0 for all (M**3 distances for each pair). weight: of each pair, 1 if None.
    """
    m, columns = z.shape
    i, j = torch.triu_indices(columns, columns, 1, device=z.device)
    if 0 < pairs < len(i):
        chosen = torch.randperm(len(i), device=z.device)[:pairs]
        i, j = i[chosen], j[chosen]
    if draws:
        a, b = torch.randint(m, (2, draws, len(i)), device=z.device)
        first, second = z[:, i].gather(0, a), z[:, j].gather(0, b)
    else:
        a, b = torch.cartesian_prod(torch.arange(m, device=z.device), torch.arange(m, device=z.device)).unbind(1)
        first, second = z[a][:, i], z[b][:, j]
    d2 = (first[:, None] - z[:, i]).square() + (second[:, None] - z[:, j]).square()  # (corners, M, pairs)
    gap = d2.amin(1).amax(0)
    return (gap if weight is None else gap * weight[i, j]).sum()


def _off_diagonal_mean(matrix: Float[Tensor, "N N"]) -> Tensor:
    n = _at_least_two(len(matrix))
    return (matrix.sum() - matrix.diagonal().sum()) / (n * (n - 1))


def _at_least_two(n: int) -> int:
    if n < 2:
        raise ValueError(f"{n} code to compare with the prior; a batch has to hold two images or groups at least")
    return n
