"""What the poolings of a group share: which columns they join, and what an image pays of them."""

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

    The group's posterior stands in every row, each image samples from it, and each pays 1/M of its KL, so that a group
    pays it once. ValueError if there are fewer latents than content columns.
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

    def join(self, mean: Tensor, log_var: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (G, 1, C) of the content, from those (G, M, C) of each image."""
        raise NotImplementedError

    def forward(self, q: Posterior, batch: Batch) -> Posterior:
        assert q.log_var is not None  # stochastic: the VAE has checked
        images, content = q.mean.shape[1], self.content
        mean, log_var = self.join(q.mean[..., :content], q.log_var[..., :content])
        share = torch.ones(self.latents, device=q.mean.device)
        share[:content] /= images
        return Posterior(
            torch.cat([mean.expand(-1, images, -1), q.mean[..., content:]], 2),
            torch.cat([log_var.expand(-1, images, -1), q.log_var[..., content:]], 2),
            share,
        )
