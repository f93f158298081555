"""Ablation of the adaptive pooling: the columns of a pair are averaged, except a random one.

As in `adaptive`, each image pays its KL in full.
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
    """Averages all columns of a pair but one, which is drawn at random for each pair and step.

    So training uses no information on which columns a pair shares.
    """

    stochastic = True

    def __init__(
        self, latents: int, *, average: Annotated[Average, Setting("of the posteriors of a shared column")] = "mean"
    ):
        super().__init__()
        self.latents = latents
        self.average = average

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"pairs"})

    def forward(self, q: Posterior, batch: Batch) -> Posterior:
        assert q.log_var is not None  # stochastic: the VAE has checked
        own = self.unshared(q, batch.changed)[:, None]  # (G, 1, D)
        weight = evidence(batch.index, q.mean.dtype)
        mean, log_var = AVERAGES[self.average](q.mean, q.log_var, weight)  # (G, 1, D) each
        return Posterior(torch.where(own, q.mean, mean), torch.where(own, q.log_var, log_var))

    def unshared(self, q: Posterior, changed: Tensor | None = None) -> Tensor:
        """One random column of each pair, (G, D) bool."""
        column = torch.randint(self.latents, (len(q.mean),), device=q.mean.device)
        return torch.nn.functional.one_hot(column, self.latents).bool()
