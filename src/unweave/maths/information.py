"""Decomposition of the KL into mutual information, total correlation and dimension-wise KL.

With q(z) = (1/N) sum_n q(z given x_n) over the N images of the data, the mean KL to the prior is
exactly the sum (Chen et al., 2018, eq. 2; Hoffman and Johnson, 2016):

    E KL(q(z given x) || p(z)) = I(x; z) + KL(q(z) || prod_d q(z_d)) + sum_d KL(q(z_d) || p(z_d))

A minibatch of M images estimates log q(z_i) as logsumexp_m(log W_im + log q(z_i given x_m)), with
weights W of one of two kinds (their appendix C):

- "weighted": W = 1 / (N M). Biased by up to log(N) for q(z), and once more for each of its columns.
- "stratified": W_ii = 1/N, W_im = (N - 1) / (N M_i) for the M_i rows that are other images, all
  M - 1 where a batch has no image twice. Rows sum to 1, and the weight of an image's own posterior
  is exact. The authors' weights of the others are not equal: all but one are 1/(M - 1), and that
  one is the remainder to 1; here each is the mean over the choice of that one.

A batch sampled with replacement has some images twice. The weighted estimate is derived for such
batches, and a sum over rows is unbiased. The stratified one gives the image itself the weight 1/N
once, and the other images the rest: a second row of the same image is neither, and has weight 0.
(As one of the others, it would make q(z_i) too large by the factor 1 + N / (M - 1) in a share
(M - 1) / N of the rows: .40 nats of log q(z) for 64 rows of 200 images, by measurement.)
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from unweave.maths.gaussian import log_density, log_standard
from unweave.maths.single import in_float32

Estimator = Literal["weighted", "stratified"]
LARGEST = 2**24  # log densities that are held at once: 64 MB


class Chain(NamedTuple):
    """The three terms of the mean KL, scalars in nats; their sum is its Monte Carlo estimate."""

    mutual_information: Tensor
    total_correlation: Tensor
    dimension_kl: Tensor


@in_float32
def chain(
    z: Float[Tensor, "M D"],
    mean: Float[Tensor, "M D"],
    log_var: Float[Tensor, "M D"],
    *,
    n: int,
    estimator: Estimator,
    index: Int[Tensor, " M"] | None = None,
    share: Float[Tensor, "M D"] | None = None,
) -> Chain:
    """The terms estimated from one minibatch of a data set of `n` images; z: a sample per row.

    index: which image each row is, for the stratified weights. share: the weight of each column,
    1/R where R images of a group share it; the terms, as the KL, are then those of one image, with
    shared columns counted once for its group: T(z) - (1 - 1/R) T(shared columns), for each term T.

    The weighted estimate of the total correlation is the paper's less the constant `carried`, the
    number that disentanglement_lib logs, and that of the dimension-wise KL is the paper's plus the
    constant, so that the sum is the same; the gradient does not change. The level of the weighted
    total correlation is not meaningful (it is below the true value by up to (D - 1) log n, which is
    the true value if every image has its own code in each column); that of the stratified estimate
    is.
    """
    terms = partial(_terms, z, mean, log_var, n=n, estimator=estimator, index=index)
    found = terms()  # (3, M)
    if share is not None:
        # of the terms of the shared columns only 1/R remains
        shared = (share < 1).any(0)  # (D,)
        found = found - (1 - share.amin(1)) * terms(columns=shared)
    information, correlation, dimension = found.mean(1)
    # moved from one term to the other, so that the sum stays
    constant = carried(*z.shape, n=n, estimator=estimator, share=share)
    return Chain(information, correlation - constant, dimension + constant)


def carried(
    m: int, d: int, *, n: int, estimator: Estimator, share: Float[Tensor, "M D"] | None = None
) -> Tensor | float:
    """What weights 1/(n M) add to the total correlation and take from the dimension-wise KL, nats.

    (D - 1) log(n M), since log q(z) and the log of each of its D marginals have log(n M) once. 0
    for stratified weights.

    >>> carried(64, 10, n=737_280, estimator="weighted")
    159.02645490872303
    """
    if estimator != "weighted":
        return 0.0
    if share is None:
        return (d - 1) * math.log(n * m)
    # shared columns have a constant of their own, of which only 1/R remains, as of the terms
    shared = (share < 1).any(0).sum()
    counted_once = (1 - share.amin(1)).mean() * (shared - 1)
    return (d - 1 - counted_once) * math.log(n * m)


def _terms(
    z: Tensor, mean: Tensor, log_var: Tensor, *, columns: Tensor | None = None, **settings: Any
) -> Float[Tensor, "3 M"]:
    """Mutual information, total correlation and dimension-wise KL for each sample.

    columns: a mask (D,) of the columns to use; all if None.
    """
    log_qz, log_marginals = aggregate(z, mean, log_var, **settings, columns=columns)
    own = log_density(z, mean, log_var)  # (M, D): log q(z_i given x_i)
    prior = log_standard(z)  # (M, D)
    if columns is not None:
        own = own * columns
        log_marginals = log_marginals * columns
        prior = prior * columns
    product = log_marginals.sum(1)  # (M,): log prod_d q(z_d)
    return torch.stack([own.sum(1) - log_qz, log_qz - product, product - prior.sum(1)])


def aggregate(
    z: Float[Tensor, "M D"],
    mean: Float[Tensor, "M D"],
    log_var: Float[Tensor, "M D"],
    *,
    n: int,
    estimator: Estimator,
    index: Int[Tensor, " M"] | None = None,
    columns: Bool[Tensor, " D"] | None = None,
) -> tuple[Float[Tensor, " M"], Float[Tensor, "M D"]]:
    """Log q(z_i) and log q(z_id) for each sample, from the posteriors of one minibatch.

    index: which image of the data each row is, for the stratified weights; all differ if None.
    columns: a mask of the columns of z in log q(z); all if None.

    Above `LARGEST` numbers some rows are compared at a time, and once more for the gradient: time
    grows with the square of M, memory does not.
    """
    weights = log_weights(len(z), n, estimator, z.device, index)  # (M, M)
    compare = partial(_compared, mean, log_var, columns)
    rows = max(1, LARGEST // mean.numel())
    if len(z) <= rows:
        return compare(z, weights)
    again = partial(checkpoint, compare, use_reentrant=False, preserve_rng_state=False)
    parts = [again(*some) for some in zip(z.split(rows), weights.split(rows), strict=True)]
    log_qz, log_marginals = zip(*parts, strict=True)
    return torch.cat(log_qz), torch.cat(log_marginals)


def _compared(
    mean: Tensor, log_var: Tensor, columns: Tensor | None, z: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor]:
    """Log q(z_i) (R,) and log q(z_id) (R, D) of R samples, from M posteriors, weights (R, M)."""
    pairs = log_density(z[:, None], mean[None], log_var[None])  # (R, M, D): row i under posterior m
    # q(z given x_m) is the product of its columns: (R, M, D) -> (R, M)
    used = pairs if columns is None else pairs * columns
    joint = used.sum(2)
    # log of the weighted sum over the M posteriors
    log_qz = (weights + joint).logsumexp(1)
    log_marginals = (weights[..., None] + pairs).logsumexp(1)
    return log_qz, log_marginals


def log_weights(
    m: int,
    n: int,
    estimator: Estimator,
    device: torch.device,
    index: Int[Tensor, " m"] | None = None,
) -> Float[Tensor, "m m"]:
    """Log W_im for m images out of n; index: number of each image, all different if None.

    >>> log_weights(4, 100, "stratified", torch.device("cpu")).exp().sum(1).round(decimals=5)
    tensor([1., 1., 1., 1.])
    """
    if estimator == "weighted":
        return torch.full((m, m), -math.log(n * m), device=device)
    if index is None:
        index = torch.arange(m, device=device)
    others = index[:, None] != index[None]  # (m, m): rows of other images
    each = (n - 1) / (n * others.sum(1, keepdim=True).clamp(min=1))  # (m, 1): (N - 1) / (N M_i)
    return (others * each).fill_diagonal_(1 / n).log()
