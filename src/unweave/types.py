"""The few types that every layer speaks, and the letters that mean the same in every file.

| letter | meaning | shape |
|---|---|---|
| x | image in [0, 1] | (B, C, H, W), or (B, M, C, H, W) where M images belong together |
| v | ground-truth factors | (B, K) |
| y | class labels | (B,) |
| z | sample of a code | (B, D) |
| mean, log_var | of the posterior q(z given x) | (B, D) |
| c | the informed part of a generator's input (InfoGAN) | (B, D) |

B batch, D latents, K factors, C channels, N size of the data, M minibatch or members of a group, S samples.
One unit for every loss: nats per image (sum over pixels and latents, mean over the batch). A logged term has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from unweave.blocks import Block, as_blocks

NATS = "nats per image"


def to_unit(x: Tensor) -> Tensor:
    """Images (B, C, H, W) or (B, M, C, H, W) as x is, float32 in [0, 1]: bytes are divided by 255, floats are so already.

    Vectors, (B, F) or (B, M, F), are never divided. On arrays it is `data.convert.scale.to_unit`.
    """
    return x.float().div_(255) if x.dtype == torch.uint8 and x.ndim > 3 else x.float()


@dataclass(frozen=True)
class Batch:
    """What a method's `needs` names, for one step.

    x: images (B, C, H, W) in [0, 1], or (B, M, C, H, W) where M belong together (group, pair, triplet, clip, views);
        vectors (B, F) where the data are vectors.
    index: which of the rows that are trained on these are, (B,) or (B, M), from 0 to `DataInfo.n` - 1: rows of the view,
        after a shift and without what is held out. For training alone: `encode` is given images and no index, so a
        method with a code for each row says what the code of any other image is.
    y: classes, (B,) or (B, M), int64.
    v: factors as indices from 0, (B, K) float32 (float64 for numbers that float32 does not hold); NaN where one is missing.
    changed: which factors differ within a pair, (B, K) bool, for methods that are told.
    labelled: the labelled batch beside the main one, if `needs` holds "labels"; its index counts the same rows.

    Which of them are there, from the stream of `unweave.train`, and of what leading shape:

    | needs | rows | index | y | v | changed |
    |---|---|---|---|---|---|
    | images | (B,) | always | classes | never | never |
    | groups | (B, M) | always | classes | never | never |
    | pairs | (B, 2) | always | classes | never | grid |
    | triplets | (B, 3) | always | always | never | never |
    | clips | (B, M) | always | classes | never | never |
    | views | (B, 2) | always | classes | never | never |
    | classes | (B,) | always | always | never | never |
    | labels: `labelled` | (B,) | always | classes | factors | never |

    classes: of data with classes. factors: of data whose factors are known. grid: of data with a grid of factors. The y of
    triplets and of classes is the class by which they were drawn.
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

    mean, log_var: (B, D), or (G, M, D) while a group is pooled; log_var is None where the code is deterministic.
    share: of the mean's shape, or (D,): what one image pays of a column's KL: 1/M where M different images share the
        column, None for 1.
    index: (B,) which image of the data each row is, where that is known and asked for.
    blocks: as `Method.blocks`, where columns of other kinds stand beside Gaussian ones. Of what is one-hot, a point or
        noise log_var is not read, whatever finite number stands there. Without blocks every column is Gaussian.
    """

    mean: Tensor
    log_var: Tensor | None = None
    share: Tensor | None = None
    index: Tensor | None = None
    blocks: Mapping[str, Block | slice] = field(default_factory=dict)

    def sample(self) -> Tensor:
        """One reparameterised sample, shape of `mean`; the mean itself where the code is deterministic.

        A block that is one-hot is drawn by its probabilities; its gradient is that of the probabilities.
        """
        others = self._others()
        if self.log_var is not None:
            z = self.mean + torch.exp(0.5 * self.log_var) * torch.randn_like(self.mean)
        else:
            z = self.mean.clone() if others else self.mean
        for block, columns in others:
            own = self.mean[..., columns]
            z[..., columns] = _drawn(own) if block.kind == "one-hot" else own
        return z

    def kl(self) -> Tensor:
        """KL to the prior in nats, for each image and column, shape of `mean`; 0 where the code is deterministic.

        The prior of a Gaussian column is N(0, 1). A one-hot has one KL, the sum of q log(q / p): it stands in the first
        of its columns, and 0 in the others. So sums and counts of latents in use are right over any columns.
        The one closed form of it on tensors. Metrics know no torch: theirs is `metrics.tables.silence.mean_kl`.
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
        """Whether any column is drawn at random, so that there is a KL."""
        one_hot = any(block.kind == "one-hot" for block in as_blocks(self.blocks).values())
        return self.log_var is not None or one_hot

    def _others(self) -> list[tuple[Block, slice]]:
        """The blocks that are not Gaussian, with their columns from 0."""
        width, found = self.mean.shape[-1], as_blocks(self.blocks).values()
        places = [(block, block.places(width)) for block in found if block.kind != "gaussian"]
        return [(block, slice(p.start, p.stop)) for block, p in places if p]

    def map(self, f: Callable[[Tensor], Tensor]) -> Posterior:
        """The posterior with `f` applied to mean and log_var, and to a share of the mean's shape."""
        share = self.share
        if share is not None and share.shape == self.mean.shape:
            share = f(share)
        return Posterior(
            f(self.mean),
            None if self.log_var is None else f(self.log_var),
            share,
            self.index,
            self.blocks,
        )


def _drawn(probabilities: Tensor) -> Tensor:
    """One-hots (..., K) drawn by their probabilities, with the gradient of the probabilities."""
    flat = probabilities.detach().flatten(0, -2)
    index = torch.multinomial(flat, 1).view(probabilities.shape[:-1])
    one_hot = F.one_hot(index, probabilities.shape[-1]).to(probabilities.dtype)
    return one_hot + (probabilities - probabilities.detach())


def _categorical_kl(q: Tensor, prior: tuple[float, ...] | None) -> Tensor:
    """The sum over K of q log(q / p), (...,), in nats, of probabilities q (..., K); the prior p is uniform if None."""
    p = q.new_full(q.shape[-1:], 1 / q.shape[-1]) if prior is None else q.new_tensor(prior)
    return (q * (q.clamp_min(torch.finfo(q.dtype).tiny).log() - p.log())).sum(-1)


@dataclass(frozen=True)
class Losses:
    """One turn: who moves and down what, and what to log. Losses add up, so an objective can be composed of parts.

    of: {player: scalar tensor to minimise}, nats per image.
    terms: {term: scalar tensor for the log}.
    units: of the terms, {term: unit} or one for all: `NATS`, "share", ...; a term without one is shown without.
    """

    of: dict[str, Tensor]
    terms: dict[str, Tensor] = field(default_factory=dict)
    units: Mapping[str, str] | str = field(default_factory=dict)

    def unit(self, term: str) -> str:
        """The unit of a term, "" where none was said."""
        return self.units if isinstance(self.units, str) else self.units.get(term, "")

    def __add__(self, other: Losses) -> Losses:
        if twice := self.terms.keys() & other.terms.keys():
            raise ValueError(f"two parts log the terms {sorted(twice)}")
        of = self.of | {p: self.of[p] + loss if p in self.of else loss for p, loss in other.of.items()}
        units = {term: unit for part in (self, other) for term in part.terms if (unit := part.unit(term))}
        return Losses(of, self.terms | other.terms, units)


@dataclass(frozen=True)
class DataInfo:
    """Facts of a data set that a method may ask for, as keywords of these names.

    n: number of images that are trained on, as `Batch.index` counts them. shape: (C, H, W), or (F,) for vectors.
    classes: number of classes, 0 if there are none.
    factor_names, factor_sizes: of the K factors, empty if none are known. binary: whether every pixel is 0 or 1.
    low, high: the range of x: that of all pixels, [0, 1], or the smallest and largest entry of vectors.
    labels: number of images that the run labels, 0 where the method's `needs` do not hold "labels".
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
