"""Adaptive pooling of pairs that differ in a few factors: Ada-GVAE and Ada-ML-VAE.

Locatello et al. (2020), section 4.

A column whose two posteriors are close, KL(q1 || q2) below the midpoint of the least and the
greatest of the pair, is taken to be shared and gets the average of both; the other columns keep
their own posteriors. If the number of changed factors is known, as many columns are kept, those of
the greatest KL; if the factors are known, column k for factor k. Each image pays its KL in full,
also of the columns that were averaged, as in the paper: the pair's bound is the sum of both.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor

from unweave.maths.gaussian import kl
from unweave.methods.pooling.base import Average, PairPooling
from unweave.settings import Setting
from unweave.types import Posterior

Told = Literal["nothing", "number", "factors"]


class Adaptive(PairPooling):
    """Averages the columns that a pair shares, estimated for each pair.

    average: "mean" for Ada-GVAE, "geometric" for Ada-ML-VAE as disentanglement_lib has it (with the
    product of densities a shared column's variance would fall by half). No gradient flows through
    the choice of columns.
    """

    def __init__(
        self,
        latents: int,
        *,
        average: Annotated[Average, Setting("of the posteriors of a shared column")] = "mean",
        told: Annotated[Told, Setting("what is known of a pair's changed factors")] = "nothing",
    ):
        super().__init__(latents, average=average)
        self.told = told

    @torch.no_grad()
    def unshared(self, q: Posterior, changed: Tensor | None = None) -> Tensor:
        if self.told == "factors":
            return self._columns_of(self._known(changed))
        assert q.log_var is not None
        # KL of the first image's posterior to the second's, for each column: (G, 2, D) -> (G, D)
        mean, other = q.mean.unbind(1)
        log_var, other_log_var = q.log_var.unbind(1)
        apart = kl(mean, log_var, other, other_log_var)
        if self.told == "number":
            # ranks (G, D), 0 the farthest, against the number of changed factors (G, 1)
            rank = apart.argsort(1, descending=True).argsort(1)
            return rank < self._known(changed).sum(1, keepdim=True)
        middle = 0.5 * (apart.amax(1, keepdim=True) + apart.amin(1, keepdim=True))  # (G, 1)
        return apart >= middle

    def _known(self, changed: Tensor | None) -> Tensor:
        if changed is None:
            raise ValueError(
                f"pooling.told is {self.told!r}, but these data do not state what changed: "
                "choose nothing"
            )
        return changed

    def _columns_of(self, changed: Tensor) -> Tensor:
        """Column k for factor k, none for the latents beyond the factors: (G, K) -> (G, D)."""
        if changed.shape[1] > self.latents:
            raise ValueError(
                f"{changed.shape[1]} factors need as many latents or more; there are {self.latents}"
            )
        rest = changed.new_zeros(len(changed), self.latents - changed.shape[1])  # (G, D - K)
        return torch.cat([changed, rest], 1)
