"""Divergences of codes from the prior N(0, I), and dependence of their columns, from one minibatch.

| function | is 0 for | paper |
|---|---|---|
| mmd | equal distributions | Gretton et al. (2012), eq. 3; Zhao et al. (2019) |
| stein_direction | the prior | Liu and Wang (2016), eq. 8 |
| covariance, its gap to I | uncorrelated columns of variance 1 | Kumar et al. (2018), eq. 6, 7 |
| support_gap | columns whose joint support is that of their product | Roth et al. (2023), eq. 6 |

The estimate of `mmd` is unbiased, so it may be negative.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from unweave.maths.single import in_float32

Kernel = Literal["imq", "rbf", "infovae"]

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernel imq


def squared_distances(a: Float[Tensor, "N D"], b: Float[Tensor, "M D"]) -> Float[Tensor, "N M"]:
    """Squared Euclidean distance of every row of `a` to every row of `b`."""
    return (a[:, None] - b[None]).square().sum(2)  # (N, M, D) -> (N, M)


def kernel(
    a: Float[Tensor, "N D"], b: Float[Tensor, "M D"], kind: Kernel = "imq"
) -> Float[Tensor, "N M"]:
    """k(a_i, b_j) of a positive definite kernel, scaled for N(0, I), where d2 has the mean 2 D.

    imq: the sum over seven scales s of c / (c + d2), c = 2 D s. rbf: exp(-d2 / (2 D)).
    infovae: exp(-d2 / D**2), the kernel of the authors of InfoVAE; at 20 columns it is almost blind
    to a collapsed posterior.
    """
    d2 = squared_distances(a, b)  # (N, M)
    columns = a.shape[1]
    if kind == "rbf":
        return torch.exp(-d2 / (2 * columns))
    if kind == "infovae":
        return torch.exp(-d2 / columns**2)
    # imq: far and near distances count, by the large and the small scales
    total = torch.zeros_like(d2)
    for scale in SCALES:
        c = 2 * columns * scale
        total = total + c / (c + d2)
    return total


@in_float32
def mmd(a: Float[Tensor, "N D"], b: Float[Tensor, "M D"], kind: Kernel = "imq") -> Tensor:
    """Squared maximum mean discrepancy of two samples, unbiased.

    ValueError if one of them has fewer than two rows.
    """
    # without the diagonal, the mean of k within a sample is unbiased
    within_a = _off_diagonal_mean(kernel(a, a, kind))
    within_b = _off_diagonal_mean(kernel(b, b, kind))
    return within_a + within_b - 2 * kernel(a, b, kind).mean()


@in_float32
def stein_direction(z: Float[Tensor, "M D"]) -> Float[Tensor, "M D"]:
    """Direction in which the KL of samples to N(0, I) falls fastest, in an RBF kernel's unit ball.

    phi(z_i) = mean_j k(z_j, z_i) grad log p(z_j) + grad_j k(z_j, z_i), with bandwidth median(d2) /
    log(M + 1).
    """
    m = _at_least_two(len(z))
    # bandwidth by the median distance of different samples
    d2 = squared_distances(z, z)  # (M, M)
    apart = d2[~torch.eye(m, dtype=torch.bool, device=z.device)]  # (M * (M - 1),)
    bandwidth = apart.median().clamp(min=1e-12) / math.log(m + 1)
    k = torch.exp(-d2 / bandwidth)  # (M, M)
    # sum_j of grad_j k(z_j, z_i); the gradient of the log prior is -z
    repulsion = 2 / bandwidth * (z * k.sum(1, keepdim=True) - k @ z)
    return (k @ -z + repulsion) / m


@in_float32
def covariance(
    mean: Float[Tensor, "M D"], log_var: Float[Tensor, "M D"] | None = None
) -> Float[Tensor, "D D"]:
    """Covariance of the means over the batch, divided by M; with log_var, the covariance of q(z).

    The latter is the covariance of the means plus the mean of the variances, on the diagonal.
    """
    centred = mean - mean.mean(0)
    of_means = centred.T @ centred / len(mean)  # (M, D) -> (D, D)
    if log_var is None:
        return of_means
    # law of total covariance: that of the means, plus the mean of the posteriors' own
    return of_means + torch.diag(log_var.exp().mean(0))


def distance_from_identity(
    matrix: Float[Tensor, "D D"], weight: Float[Tensor, "D D"] | None = None
) -> tuple[Tensor, Tensor]:
    """Sum of squares off the diagonal, and sum of squares of the diagonal less 1.

    weight: of each entry, 1 if None.
    """
    squares = matrix.square()  # (D, D)
    diagonal = (matrix.diagonal() - 1).square()  # (D,)
    if weight is not None:
        squares = weight * squares
        diagonal = weight.diagonal() * diagonal
    return squares.sum() - squares.diagonal().sum(), diagonal.sum()


@in_float32
def support_gap(
    z: Float[Tensor, "M D"],
    *,
    pairs: int = 0,
    draws: int = 0,
    weight: Float[Tensor, "D D"] | None = None,
) -> Tensor:
    """Squared Hausdorff distance of the product of two columns' supports to their joint support.

    Summed over pairs of columns. For a pair: the squared distance of the corner (z_ai, z_bj) that
    is farthest from its nearest code (z_ci, z_cj). pairs, draws: numbers of random pairs of columns
    and of random corners of each; 0 for all (M**3 distances for each pair). weight: of each pair, 1
    if None.
    """
    m, columns = z.shape
    # P pairs of columns i < j, some at random
    i, j = torch.triu_indices(columns, columns, 1, device=z.device)  # (P,) each
    if 0 < pairs < len(i):
        chosen = torch.randperm(len(i), device=z.device)[:pairs]
        i = i[chosen]
        j = j[chosen]
    # corners of the product of the supports: two coordinates, (corners, P) each
    if draws:
        a, b = torch.randint(m, (2, draws, len(i)), device=z.device)
        first = z[:, i].gather(0, a)
        second = z[:, j].gather(0, b)
    else:
        rows = torch.arange(m, device=z.device)
        a, b = torch.cartesian_prod(rows, rows).unbind(1)  # (M * M,) each
        first = z[a][:, i]
        second = z[b][:, j]
    # squared distance of each corner to each code: (corners, M, P)
    d2 = (first[:, None] - z[:, i]).square() + (second[:, None] - z[:, j]).square()
    # the nearest code of each corner, then the corner for which it is farthest: (P,)
    gap = d2.amin(1).amax(0)
    if weight is not None:
        gap = gap * weight[i, j]
    return gap.sum()


def _off_diagonal_mean(matrix: Float[Tensor, "N N"]) -> Tensor:
    """Mean of the entries off the diagonal, scalar."""
    n = _at_least_two(len(matrix))
    return (matrix.sum() - matrix.diagonal().sum()) / (n * (n - 1))


def _at_least_two(n: int) -> int:
    if n < 2:
        raise ValueError(
            f"{n} code to compare with the prior; a batch has to hold two images or groups at least"
        )
    return n
