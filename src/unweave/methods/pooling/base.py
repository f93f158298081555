"""Base classes of group and pair poolings: content columns, shares of the KL, weights of repeats.

A group that has fewer images than `group_size` is filled up with repeats. A repeat is no evidence:
an image that occurs r times in its group has weight 1/r each time in the joint posterior, and the
group's KL is divided among its different images, so that a group of one image is a VAE however
often it is repeated. In the terms of single images (reconstruction, KL of the style) each row
counts once: groups are sampled in proportion to their size, so the images of small groups are drawn
more rarely by as much as they are repeated, and every image of the data has the same weight.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor

from unweave.maths.gaussian import geometric, mixture, product
from unweave.methods.base import Part
from unweave.settings import Setting
from unweave.types import Batch, Posterior

AVERAGES = {"mean": mixture, "geometric": geometric, "product": product}
Average = Literal["mean", "geometric", "product"]
Content = Annotated[
    int, Setting("columns shared by a group, the first ones; 0 for half", low=0, search=(0,))
]


class GroupPooling(Part):
    """Content and style: the first columns belong to the group, the others to each image.

    Every row has the group's posterior, with a sample for each image and 1/M of its KL, M the
    number of different images of the group, so that its KL counts once. ValueError if there are
    fewer latents than content columns.
    """

    stochastic = True

    def __init__(self, latents: int, *, content: Content = 0):
        super().__init__()
        self.latents = latents
        self.content = content or (latents + 1) // 2
        if not 0 < self.content <= latents:
            raise ValueError(
                f"{self.content} content columns of {latents} latents; choose from 1 to {latents}"
            )

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"groups"})

    @property
    def blocks(self) -> dict[str, slice]:
        found = {"content": slice(0, self.content)}
        if self.content < self.latents:
            found["style"] = slice(self.content, self.latents)
        return found

    def join(self, mean: Tensor, log_var: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
        """Mean and log variance (G, 1, C) of the content.

        mean, log_var: of each image, (G, M, C). weight: of each image, (G, M).
        """
        raise NotImplementedError

    def forward(self, q: Posterior, batch: Batch) -> Posterior:
        assert q.log_var is not None  # stochastic: the VAE has checked
        images = q.mean.shape[1]
        content = self.content
        # the joint posterior of the content: (G, M, C) -> (G, 1, C)
        weight = evidence(batch.index, q.mean.dtype)
        mean, log_var = self.join(q.mean[..., :content], q.log_var[..., :content], weight)
        # the KL of the content is divided among the different images, that of the style is not
        share = torch.ones_like(q.mean)  # (G, M, D)
        if weight is None:
            share[..., :content] /= q.mean.new_tensor(images)
        else:
            share[..., :content] /= weight.sum(1)[:, None, None]  # (G, 1, 1)
        # every image has the content of its group and a style of its own: (G, M, D)
        means = torch.cat([mean.expand(-1, images, -1), q.mean[..., content:]], 2)
        log_vars = torch.cat([log_var.expand(-1, images, -1), q.log_var[..., content:]], 2)
        return Posterior(means, log_vars, share)


class PairPooling(Part):
    """Pairs: the columns that count as shared get the average of both posteriors, the others keep
    their own. Each image pays its KL in full, also of the columns that were averaged.
    """

    stochastic = True

    def __init__(
        self,
        latents: int,
        *,
        average: Annotated[Average, Setting("of the posteriors of a shared column")] = "mean",
    ):
        super().__init__()
        self.latents = latents
        self.average = average

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"pairs"})

    def unshared(self, q: Posterior, changed: Tensor | None = None) -> Tensor:
        """Which columns of a pair are not averaged, (G, D) bool.

        changed: (G, K), the factors that differ, if known.
        """
        raise NotImplementedError

    def forward(self, q: Posterior, batch: Batch) -> Posterior:
        assert q.log_var is not None  # stochastic: the VAE has checked
        own = self.unshared(q, batch.changed)[:, None]  # (G, 1, D)
        weight = evidence(batch.index, q.mean.dtype)
        mean, log_var = AVERAGES[self.average](q.mean, q.log_var, weight)  # (G, 1, D) each
        return Posterior(torch.where(own, q.mean, mean), torch.where(own, q.log_var, log_var))


def evidence(index: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """Weights of the images of a group (G, M): 1/r for r equal rows; None without index.

    >>> evidence(torch.tensor([[5, 7, 5], [1, 2, 3]]), torch.float32)
    tensor([[0.5000, 1.0000, 0.5000],
            [1.0000, 1.0000, 1.0000]])
    """
    if index is None:
        return None
    repeats = (index[:, :, None] == index[:, None]).sum(2)  # (G, M, M) -> (G, M)
    return 1 / repeats.to(dtype)
