"""One-way analysis of variance of each pair of classes, in each dimension of their codes.

For classes a and b of n_a and n_b codes, with B the sum of squares between their means, W that
within them and nu = n_a + n_b - 2, the statistic s = nu B / W is one of F(1, nu) where both have
the same normal distribution:

    P(F(1, nu) <= s) = I_x(1/2, nu/2),   x = B / (B + W)

It is near 1 where the means differ by more than chance.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from unweave.maths.incomplete_beta import half_beta
from unweave.maths.single import in_float32

GrandMean = Literal["weighted", "midpoint"]
# a pair with a smaller x has no gradient: it would grow as 1 / (difference of the means)
SMALLEST = 1e-12
# one with a larger x is separated, and has none either
LARGEST = 1 - 1e-5
ROUNDING = 8  # rounding errors of the largest code, below which a dimension is constant


@in_float32
def log_cdf(
    z: Float[Tensor, "B D"], y: Int[Tensor, " B"], grand_mean: GrandMean = "weighted"
) -> Float[Tensor, "P D"]:
    """Log P(F(1, nu) <= s) of each of P pairs of classes and each dimension, at most 0, in nats.

    z: codes. y: their classes, any integers. grand_mean: "weighted" by the sizes of the classes, so
    that s is F's; "midpoint" of the two means, as in the authors' code: it is the same for classes
    of one size, and too large for others, by (n_a + n_b)^2 / (4 n_a n_b).

    -inf for a dimension that is constant in both classes together, which has no s. ValueError for
    fewer than two classes, or a class of one code, which has no variance.
    """
    # mean and sum of squares of each class
    members, size = _members(y, z.dtype)  # (C, B), (C,)
    mean = members @ z / size[:, None]  # (C, D)
    within = members @ (z - members.T @ mean).square()  # (C, D)
    a, b = torch.triu_indices(len(size), len(size), 1, device=z.device)  # (P,) each
    total = (size[a] + size[b])[:, None]  # (P, 1)
    weight = total / 4
    if grand_mean == "weighted":
        weight = (size[a] * size[b])[:, None] / total
    # sums of squares of a pair: between its means, and with those within its classes
    between = weight * (mean[a] - mean[b]).square()  # (P, D)
    both = between + within[a] + within[b]
    # squares of rounding errors, which are all that there is of a constant
    noise = (ROUNDING * torch.finfo(z.dtype).eps * z.detach().abs().amax(0)).square()  # (D,)
    constant = both <= total * noise  # (P, D), False where a code is NaN
    # P(F <= s) by the incomplete beta function, with nu = n_a + n_b - 2
    x = between / torch.where(constant, 1, both)
    cdf = half_beta(x.clamp(SMALLEST, LARGEST), total - 2)
    return torch.where(constant, -torch.inf, cdf.log())


def _members(y: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Which codes belong to each of the C classes, (C, B) of 0 and 1, and how many do, (C,)."""
    classes = y.unique()
    if len(classes) < 2:
        raise ValueError("a batch of one class; an F statistic compares two")
    members = (y == classes[:, None]).to(dtype)
    size = members.sum(1)
    if size.min() < 2:
        alone = int(classes[size.argmin()])
        raise ValueError(
            f"class {alone} has one code only, and no variance; an F statistic needs two of each "
            "class"
        )
    return members, size
