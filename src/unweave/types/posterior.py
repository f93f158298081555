"""Posterior of a code, q(z given x): its sample and its KL to the prior, for each kind of block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from unweave.blocks import Block, as_blocks


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
        elif others:
            z = self.mean.clone()  # some columns of it are replaced
        else:
            return self.mean
        # columns that are not Gaussian: one-hots are sampled, all others are the mean
        for block, columns in others:
            own = self.mean[..., columns]  # (..., columns of the block)
            if block.kind == "one-hot":
                own = _drawn(own)
            z[..., columns] = own
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
        # a one-hot has one KL, in its first column; points and noise have none
        for block, columns in self._others():
            nats[..., columns] = 0
            if block.kind == "one-hot":
                nats[..., columns.start] = _categorical_kl(self.mean[..., columns], block.prior)
        if self.share is None:
            return nats
        return nats * self.share

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
        """The posterior with `f` applied to mean, log_var, and a share of the mean's shape."""
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
    p = q.new_full((columns,), 1 / columns)
    if prior is not None:
        p = q.new_tensor(prior)
    log_q = q.clamp_min(torch.finfo(q.dtype).tiny).log()  # finite, so that 0 log 0 is 0
    return (q * (log_q - p.log())).sum(-1)
