"""The terms of the KL of a whole data set, exactly: what a minibatch estimates."""

from __future__ import annotations

import math
import warnings

import torch
from jaxtyping import Float
from torch import Tensor

from unweave.maths.gaussian import log_density, log_standard
from unweave.maths.information import Chain


def of_all_images(
    z: Float[Tensor, "N D"],
    mean: Float[Tensor, "N D"],
    log_var: Float[Tensor, "N D"],
    *,
    rows: int = 64,
) -> Chain:
    """The exact terms for a data set of N images: q(z) is the mixture of their posteriors.

    rows: samples compared with all N at a time; memory is rows * N * D numbers. The mutual
    information cannot exceed log N; a warning is given within 1 nat of that, where it depends on
    the number of images alone.
    """
    n = len(z)
    log_qz = []
    product = []
    for some in z.split(rows):
        pairs = log_density(some[:, None], mean[None], log_var[None])  # (rows, N, D)
        # log q(z) and log prod_d q(z_d): log-mean over the N posteriors
        log_qz.append(pairs.sum(2).logsumexp(1) - math.log(n))
        product.append((pairs.logsumexp(1) - math.log(n)).sum(1))
    joint = torch.cat(log_qz)  # (N,)
    marginals = torch.cat(product)  # (N,)
    # log q(z_n given x_n) and log p(z_n), (N,)
    own = log_density(z, mean, log_var).sum(1)
    prior = log_standard(z).sum(1)
    found = Chain((own - joint).mean(), (joint - marginals).mean(), (marginals - prior).mean())
    information = float(found.mutual_information.detach())
    if information > math.log(n) - 1:
        warnings.warn(
            f"I(x; z) is {information:.2f} nats, at its ceiling log N = {math.log(n):.2f}: "
            "take more images",
            stacklevel=2,
        )
    return found
