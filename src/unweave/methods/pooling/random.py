"""Ablation of the adaptive pooling: the columns of a pair are averaged, except a random one.

As in `adaptive`, each image pays its KL in full.
"""

from __future__ import annotations

import torch
from torch import Tensor

from unweave.methods.pooling.base import PairPooling
from unweave.types import Posterior


class Random(PairPooling):
    """Averages all columns of a pair but one, which is drawn at random for each pair and step.

    So training uses no information on which columns a pair shares.
    """

    def unshared(self, q: Posterior, changed: Tensor | None = None) -> Tensor:
        """One random column of each pair, (G, D) bool."""
        column = torch.randint(self.latents, (len(q.mean),), device=q.mean.device)
        return torch.nn.functional.one_hot(column, self.latents).bool()
