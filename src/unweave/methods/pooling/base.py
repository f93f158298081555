"""What the poolings of a group share: which columns they join, what an image pays of them, and which images are one.

A group that has fewer images than `group_size` is filled up with repeats. A repeat is no evidence: an image that stands
r times in its group counts 1/r each time in what is joined, and the group's KL is shared by its different images, so
that a group of one image is a VAE however often it is repeated. Among the terms of single images (reconstruction, KL of
the style) each row counts once: groups are drawn by their size, so small ones are drawn more rarely by as much as their
images are repeated, and every image of the data has the same weight.
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
Content = Annotated[int, Setting("columns shared by a group, the first ones; 0 for half", low=0, search=(0,))]


class GroupPooling(Part):
    """Content and style: the first columns belong to the group, the others to each image.

    The group's posterior stands in every row, each image samples from it, and each pays 1/M of its KL, M the group's
    different images, so that a group pays it once. ValueError if there are fewer latents than content columns.
    """

    stochastic = True

    def __init__(self, latents: int, *, content: Content = 0):
        super().__init__()
        self.latents, self.content = latents, content or (latents + 1) // 2
        if not 0 < self.content <= latents:
            raise ValueError(f"{self.content} content columns of {latents} latents; choose from 1 to {latents}")

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"groups"})

    @property
    def blocks(self) -> dict[str, slice]:
        content = {"content": slice(0, self.content)}
        return content | {"style": slice(self.content, self.latents)} if self.content < self.latents else content

    def join(self, mean: Tensor, log_var: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
        """Mean and log variance (G, 1, C) of the content, from those (G, M, C) of each image and its weight (G, M)."""
        raise NotImplementedError

    def forward(self, q: Posterior, batch: Batch) -> Posterior:
        assert q.log_var is not None  # stochastic: the VAE has checked
        images, content = q.mean.shape[1], self.content
        weight = evidence(batch.index, q.mean.dtype)
        mean, log_var = self.join(q.mean[..., :content], q.log_var[..., :content], weight)
        different = q.mean.new_tensor(images) if weight is None else weight.sum(1)[:, None, None]  # (G, 1, 1)
        share = torch.ones_like(q.mean)
        share[..., :content] /= different
        return Posterior(
            torch.cat([mean.expand(-1, images, -1), q.mean[..., content:]], 2),
            torch.cat([log_var.expand(-1, images, -1), q.log_var[..., content:]], 2),
            share,
        )


def evidence(index: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """What each image of a group (G, M) counts: 1/r if its row stands r times in its group; None if no row is known.

    >>> evidence(torch.tensor([[5, 7, 5], [1, 2, 3]]), torch.float32)
    tensor([[0.5000, 1.0000, 0.5000],
            [1.0000, 1.0000, 1.0000]])
    """
    return None if index is None else 1 / (index[:, :, None] == index[:, None]).sum(2).to(dtype)
