"""Types of all layers: batches, posteriors, losses, facts of the data; and the letters of shapes.

| letter | meaning | shape |
|---|---|---|
| x | image in [0, 1] | (B, C, H, W), or (B, M, C, H, W) for groups of M images |
| v | ground-truth factors | (B, K) |
| y | class labels | (B,) |
| z | sample of a code | (B, D) |
| mean, log_var | of the posterior q(z given x) | (B, D) |
| c | the codes in a generator's input (InfoGAN) | (B, D) |

B batch, D latents, K factors, C channels, N size of the data, M minibatch or members of a group, S
samples. Losses are in nats per image (sum over pixels and latents, mean over the batch), but where a
method states another `loss_unit`. Logged terms have units of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from unweave.blocks import Block, as_blocks
from unweave.losses import NATS as NATS
from unweave.losses import Losses as Losses


def to_unit(x: Tensor) -> Tensor:
    """Images (B, C, H, W) or (B, M, C, H, W) as float32 in [0, 1]: bytes are divided by 255.

    Vectors, (B, F) or (B, M, F), are never divided. For arrays see `data.convert.scale.to_unit`.
    """
    if x.dtype == torch.uint8 and x.ndim > 3:
        return x.float().div_(255)
    return x.float()


@dataclass(frozen=True)
class Batch:
    """A batch of one step, as a method's `needs` requires.

    x: images (B, C, H, W) in [0, 1], or (B, M, C, H, W) for groups of M (group, pair, triplet,
        clip, views); vectors (B, F) where the data are vectors.
    index: numbers of these rows among the training rows, (B,) or (B, M), from 0 to `DataInfo.n` -
        1: rows of the view, after a shift and without held-out rows. For training only: `encode`
        has images and no index, so a method with a code for each row has to define the code of any
        other image.
    y: classes, (B,) or (B, M), int64.
    v: factors as indices from 0, (B, K) float32 (float64 for numbers that float32 does not
        represent); NaN where one is missing.
    changed: which factors differ within a pair, (B, K) bool, for methods that use it.
    labelled: the labelled batch beside the main one, if `needs` has "labels"; its index numbers the
        same rows.

    Fields in the batches of `unweave.train`, and their leading shape:

    | needs | rows | index | y | v | changed |
    |---|---|---|---|---|---|
    | images | (B,) | always | classes | never | never |
    | groups | (B, M) | always | classes | never | never |
    | pairs | (B, 2) | always | classes | never | grid |
    | triplets | (B, 3) | always | always | never | never |
    | clips | (B, M) | always | classes | never | never |
    | views | (B, 2) | always | always | never | never |
    | classes | (B,) | always | always | never | never |
    | labels: `labelled` | (B,) | always | classes | factors | never |

    classes: of data with classes. factors: of data whose factors are known. grid: of data with a
    grid of factors. The y of triplets and of classes is the class by which they were sampled, that of
    views the number of the thing.
    """

    x: Tensor
    index: Tensor | None = None
    y: Tensor | None = None
    v: Tensor | None = None
    changed: Tensor | None = None
    labelled: Batch | None = None


@dataclass(frozen=True)
class Posterior:
    """q(z given x), a diagonal Gaussian; the mean of a one-hot code is its probabilities.

    mean, log_var: (B, D), or (G, M, D) while a group is pooled; log_var is None where the code is
        deterministic.
    share: of the mean's shape, or (D,): weight of a column's KL for one image: 1/M where M
        different images share the column, None for 1.
    index: (B,) number of the image in the data, where it is known and needed.
    blocks: as `Method.blocks`, if some columns are not Gaussian. In columns of one-hots, points and
        noise log_var is ignored, and may be any finite number. Without blocks every column is
        Gaussian.
    """

    mean: Tensor
    log_var: Tensor | None = None
    share: Tensor | None = None
    index: Tensor | None = None
    blocks: Mapping[str, Block | slice] = field(default_factory=dict)

    def sample(self) -> Tensor:
        """One reparameterised sample, shape of `mean`; the mean if the code is deterministic.

        A one-hot block is sampled from its probabilities, with the straight-through gradient.
        """
        others = self._others()
        if self.log_var is not None:
            z = self.mean + torch.exp(0.5 * self.log_var) * torch.randn_like(self.mean)
        else:
            z = self.mean.clone() if others else self.mean
        # columns that are not Gaussian: one-hots are sampled, all others are the mean
        for block, columns in others:
            own = self.mean[..., columns]
            z[..., columns] = _drawn(own) if block.kind == "one-hot" else own
        return z

    def kl(self) -> Tensor:
        """KL to the prior in nats, shape of `mean`; 0 where the code is deterministic.

        The prior of a Gaussian column is N(0, 1). A one-hot block has one KL, the sum of q log(q /
        p): it is in the first of its columns, with 0 in the others, so that sums and counts of
        active latents are correct over all columns. Metrics do not import torch and have
        `metrics.tables.silence.mean_kl` for arrays.
        """
        if self.log_var is None:
            nats = torch.zeros_like(self.mean)
        else:
            nats = 0.5 * (self.mean**2 + self.log_var.exp() - self.log_var - 1)
        for block, columns in self._others():
            nats[..., columns] = 0
            if block.kind == "one-hot":
                nats[..., columns.start] = _categorical_kl(self.mean[..., columns], block.prior)
        return nats if self.share is None else nats * self.share

    @property
    def stochastic(self) -> bool:
        """Whether any column is random, so that there is a KL."""
        one_hot = any(block.kind == "one-hot" for block in as_blocks(self.blocks).values())
        return self.log_var is not None or one_hot

    def _others(self) -> list[tuple[Block, slice]]:
        """The blocks that are not Gaussian, with their columns from 0."""
        width = self.mean.shape[-1]
        found: list[tuple[Block, slice]] = []
        for block in as_blocks(self.blocks).values():
            if block.kind == "gaussian":
                continue
            places = block.places(width)
            if places:
                found.append((block, slice(places.start, places.stop)))
        return found

    def map(self, f: Callable[[Tensor], Tensor]) -> Posterior:
        """The posterior with `f` applied to mean and log_var, and to a share of the mean's shape."""
        share = self.share
        if share is not None and share.shape == self.mean.shape:
            share = f(share)
        mean = f(self.mean)
        log_var = None if self.log_var is None else f(self.log_var)
        return Posterior(mean, log_var, share, self.index, self.blocks)


def _drawn(probabilities: Tensor) -> Tensor:
    """One-hots (..., K) sampled from probabilities, with the straight-through gradient."""
    flat = probabilities.detach().flatten(0, -2)  # (rows, K)
    index = torch.multinomial(flat, 1).view(probabilities.shape[:-1])  # (...,)
    one_hot = F.one_hot(index, probabilities.shape[-1]).to(probabilities.dtype)
    # the value is one_hot, the gradient that of the probabilities
    return one_hot + (probabilities - probabilities.detach())


def _categorical_kl(q: Tensor, prior: tuple[float, ...] | None) -> Tensor:
    """KL of probabilities q (..., K) to the prior p, (...,), in nats; p is uniform if None."""
    columns = q.shape[-1]
    p = q.new_full((columns,), 1 / columns) if prior is None else q.new_tensor(prior)
    log_q = q.clamp_min(torch.finfo(q.dtype).tiny).log()  # finite, so that 0 log 0 is 0
    return (q * (log_q - p.log())).sum(-1)


@dataclass(frozen=True)
class DataInfo:
    """Facts of a data set, passed to a method's constructor as keywords of these names.

    n: number of training images, which `Batch.index` numbers. shape: (C, H, W), or (F,) for
    vectors.
    classes: number of classes, 0 if there are none.
    factor_names, factor_sizes: of the K factors, empty if none are known. binary: whether every
    pixel is 0 or 1.
    low, high: the range of x: [0, 1] for pixels, the smallest and largest entry for vectors.
    labels: number of labelled images of the run, 0 where the method's `needs` have no "labels".
    """

    n: int
    shape: tuple[int, ...]
    classes: int = 0
    factor_names: tuple[str, ...] = ()
    factor_sizes: tuple[int, ...] = ()
    binary: bool = False
    low: float = 0.0
    high: float = 1.0
    labels: int = 0
