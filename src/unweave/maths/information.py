"""Information in a stochastic code: KL = index-code mutual information + total correlation + dimension-wise KL. In nats.

With q(z) = (1/N) sum_n q(z given x_n) over the N images of the data, the mean KL to the prior splits exactly
(Chen et al., 2018, eq. 2; Hoffman and Johnson, 2016):

    E KL(q(z given x) || p(z)) = I(x; z) + KL(q(z) || prod_d q(z_d)) + sum_d KL(q(z_d) || p(z_d))

A minibatch of M images estimates log q(z_i) as logsumexp_m(log W_im + log q(z_i given x_m)), with weights W of one of
two kinds (their appendix C):

- "weighted": W = 1 / (N M). Biased by up to log(N) for q(z), and once more for each of its columns.
- "stratified": W_ii = 1/N, W_im = (N - 1) / (N M_i) for the M_i rows that are other images, all M - 1 where a batch
  holds no image twice. Rows sum to 1, the weight of an image's own posterior is right. The authors' others are not
  equal: 1/(M - 1) each but one, which has what is left of 1; here each has the mean over which one that is.

A batch drawn with replacement holds some images twice. The weighted estimate is derived for such batches, and a sum over
rows is unbiased. The stratified one counts the image itself once, by 1/N, and the others for the rest: a second row of
the same image is neither, and has weight 0. (As one of the others, it would make q(z_i) too large by the factor
1 + N / (M - 1) in a share (M - 1) / N of the rows: .40 nats of log q(z) for 64 rows of 200 images, by measurement.)
"""

from __future__ import annotations

import math
import warnings
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from unweave.maths.gaussian import log_density, log_standard
from unweave.maths.single import in_float32

Estimator = Literal["weighted", "stratified"]


class Chain(NamedTuple):
    """The three terms of the mean KL, scalars in nats; they add up to the Monte Carlo estimate of it."""

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
    """The terms estimated from one minibatch of a data set of `n` images; z is one sample for each row.

    index: which image each row is, for the stratified weights. share: what an image pays of each column, 1/R where R
    images of a group share it; the terms, as the KL, are then those of one image, with what its group shares counted
    once: T(z) - (1 - 1/R) T(shared columns), for each term T.

    The weighted estimate of the total correlation is short of the paper's by the constant `carried`, so that it is the
    number that disentanglement_lib logs, and that of the dimension-wise KL has it too much, so that the three add up;
    the gradient does not change. The level of the weighted total correlation means little (it lies below the truth by
    up to (D - 1) log n, the truth where every image has its own code in each column); the stratified estimate's does.
    """
    terms = partial(_terms, z, mean, log_var, n=n, estimator=estimator, index=index)
    found = terms()  # (3, M)
    if share is not None:
        found = found - (1 - share.amin(1)) * terms(columns=(share < 1).any(0))
    information, correlation, dimension = found.mean(1)
    constant = carried(*z.shape, n=n, estimator=estimator, share=share)
    return Chain(information, correlation - constant, dimension + constant)


def carried(
    m: int, d: int, *, n: int, estimator: Estimator, share: Float[Tensor, "M D"] | None = None
) -> Tensor | float:
    """What the weights 1/(n M) alone add to the paper's total correlation, and take from its dimension-wise KL, in nats.

    (D - 1) log(n M): log q(z) holds log(n M) once, and each of its D columns once. 0 for stratified weights.

    >>> carried(64, 10, n=737_280, estimator="weighted")
    159.02645490872303
    """
    if estimator != "weighted":
        return 0.0
    if share is None:
        return (d - 1) * math.log(n * m)
    shared = (share < 1).any(0).sum()
    return (d - 1 - (1 - share.amin(1)).mean() * (shared - 1)) * math.log(n * m)


def _terms(
    z: Tensor, mean: Tensor, log_var: Tensor, *, columns: Tensor | None = None, **settings: Any
) -> Float[Tensor, "3 M"]:
    """Mutual information, total correlation and dimension-wise KL of some columns (D,), all if None, for each sample."""
    log_qz, log_marginals = aggregate(z, mean, log_var, **settings, columns=columns)
    own, prior = log_density(z, mean, log_var), log_standard(z)
    if columns is not None:
        own, log_marginals, prior = own * columns, log_marginals * columns, prior * columns
    product = log_marginals.sum(1)
    return torch.stack([own.sum(1) - log_qz, log_qz - product, product - prior.sum(1)])


def whole_chain(
    z: Float[Tensor, "N D"], mean: Float[Tensor, "N D"], log_var: Float[Tensor, "N D"], *, rows: int = 64
) -> Chain:
    """The terms for N images as if they were all there are: q(z) is the mixture of their posteriors, and exact.

    rows: samples compared with all N at a time; memory is rows * N * D numbers. The mutual information cannot exceed
    log N; a warning says when it is within 1 nat of it, for then it says how many images were taken and no more.
    """
    n = len(z)
    log_qz, product = [], []
    for some in z.split(rows):
        pairs = log_density(some[:, None], mean[None], log_var[None])
        log_qz.append(pairs.sum(2).logsumexp(1) - math.log(n))
        product.append((pairs.logsumexp(1) - math.log(n)).sum(1))
    joint, marginals = torch.cat(log_qz), torch.cat(product)
    own = log_density(z, mean, log_var).sum(1)
    found = Chain((own - joint).mean(), (joint - marginals).mean(), (marginals - log_standard(z).sum(1)).mean())
    if (information := float(found.mutual_information.detach())) > math.log(n) - 1:
        warnings.warn(
            f"I(x; z) is {information:.2f} nats, at its ceiling log N = {math.log(n):.2f}: take more images",
            stacklevel=2,
        )
    return found


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

    index: which image of the data each row is, for the stratified weights; all differ if None. columns: those that z
    of log q(z) has; all if None.
    """
    pairs = log_density(z[:, None], mean[None], log_var[None])  # (M, M, D): row i under posterior m
    weights = log_weights(len(z), n, estimator, z.device, index)
    joint = (pairs if columns is None else pairs * columns).sum(2)
    return (weights + joint).logsumexp(1), (weights[..., None] + pairs).logsumexp(1)


def log_weights(
    m: int, n: int, estimator: Estimator, device: torch.device, index: Int[Tensor, " m"] | None = None
) -> Float[Tensor, "m m"]:
    """Log W_im for m images out of n; index: which image each is, all different if None.

    >>> log_weights(4, 100, "stratified", torch.device("cpu")).exp().sum(1).round(decimals=5)
    tensor([1., 1., 1., 1.])
    """
    if estimator == "weighted":
        return torch.full((m, m), -math.log(n * m), device=device)
    if index is None:
        index = torch.arange(m, device=device)
    others = index[:, None] != index[None]
    each = (n - 1) / (n * others.sum(1, keepdim=True).clamp(min=1))  # (m, 1): as many others as there are
    return (others * each).fill_diagonal_(1 / n).log()
