"""The ablation of the adaptive pooling: it averages columns too, but which one a pair keeps is random.

As there, each image pays its KL in full.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from unweave.methods.base import Part
from unweave.methods.pooling.base import AVERAGES, Average, evidence
from unweave.settings import Setting
from unweave.types import Batch, Posterior


class Random(Part):
    """Averages all columns of a pair but one, drawn anew for each pair and step: what it learns, it learns from no pair."""

    stochastic = True

    def __init__(
        self, latents: int, *, average: Annotated[Average, Setting("of the posteriors of a shared column")] = "mean"
    ):
        super().__init__()
        self.latents, self.average = latents, average

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"pairs"})

    def forward(self, q: Posterior, batch: Batch) -> Posterior:
        assert q.log_var is not None  # stochastic: the VAE has checked
        own = self.unshared(q, batch.changed)[:, None]
        mean, log_var = AVERAGES[self.average](q.mean, q.log_var, evidence(batch.index, q.mean.dtype))
        return Posterior(torch.where(own, q.mean, mean), torch.where(own, q.log_var, log_var))

    def unshared(self, q: Posterior, changed: Tensor | None = None) -> Tensor:
        """One random column of each pair, (G, D) bool."""
        column = torch.randint(self.latents, (len(q.mean),), device=q.mean.device)
        return torch.nn.functional.one_hot(column, self.latents).bool()
