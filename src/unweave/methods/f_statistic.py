"""The F-statistic loss (Ridgeway and Mozer, 2018): classes differ in a few dimensions of a code, by
more than chance.

    L = - mean over pairs of classes of sum over k in top of log Phi_k
    Phi_k = P(F(1, n_a + n_b - 2) <= s_k)

s_k is the F statistic of the pair in dimension k, and `top` the dimensions with the largest Phi_k:
only in these do the classes have to differ. So the others are left to what else the images show.
A pair that is separated in `top` has no gradient.

Class-aware, with data of classes; factor-aware without: then the values of one factor are the
classes of a step, factor after factor (`observed` names some of them), and the code is disentangled
where the values of different factors differ in different dimensions.

**Departures**: the grand mean of two classes is weighted by their sizes, as the F statistic's; the
authors' code takes the midpoint, which is the same for equal sizes. The mean over pairs, not their
sum, unless chosen: 12 classes have 66 pairs, and a factor of two values has one. The share of the
variance that is between the classes is cut off at 1e-12, not 1e-37. A dimension that is constant in
both classes has no F statistic and is never chosen. An image that is twice in a batch counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn

from unweave.maths.f_test import GrandMean, log_cdf
from unweave.maths.repeated import first
from unweave.methods.base import Method, Player
from unweave.settings import Setting
from unweave.types import NATS, Batch, Losses, Posterior

SEPARATED = 0.99  # Phi in a dimension in which two classes differ


class FStatistic(Method):
    """An encoder whose codes are points, without a decoder and a prior.

    encoder: x (B, *shape) to codes (B, latents). ValueError if `dimensions` is more than `latents`.
    """

    def __init__(
        self,
        encoder: nn.Module,
        *,
        latents: Annotated[int, Setting("columns of a code", low=1, search=(10, 20))] = 10,
        dimensions: Annotated[
            int, Setting("columns in which two classes have to differ", low=1, search=(1, 2, 3))
        ] = 2,
        grand_mean: Annotated[
            GrandMean, Setting("of two classes: of F, or the authors'")
        ] = "weighted",
        over_pairs: Annotated[
            Literal["mean", "sum"], Setting("of the loss, over pairs of classes")
        ] = "mean",
        lr: Annotated[
            float, Setting("learning rate of Adam", above=0, search=("log", 1e-5, 1e-2))
        ] = 2e-4,
    ):
        super().__init__()
        if dimensions > latents:
            raise ValueError(
                f"classes cannot differ in {dimensions} dimensions of a code of {latents} latents"
            )
        self.encoder = encoder
        self.dimensions = dimensions
        self.grand_mean: GrandMean = grand_mean
        self.over_pairs = over_pairs
        self.lr = lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {"encoder": {"outputs": known["latents"]}}

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"classes"})

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, self.lr)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        assert batch.index is not None
        assert batch.y is not None  # needs has "classes"
        different = first(batch.index)
        z = self.encode(batch.x[different]).mean  # (B, D)
        log_phi = log_cdf(z, batch.y[different], self.grand_mean)  # (P, D), P pairs of classes
        best = top(log_phi, self.dimensions)  # (P, dimensions)
        surprise = -best.sum(1)  # (P,)
        loss = surprise.mean()
        if self.over_pairs == "sum":
            loss = surprise.sum()
        separated = (best.exp() > SEPARATED).float().mean()
        terms = {"f loss": surprise.mean(), "separated": separated}
        yield Losses({"model": loss}, terms, {"f loss": NATS, "separated": "share"})

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.encoder(x).float())


def top(log_phi: Tensor, dimensions: int) -> Tensor:
    """The largest of each row of (P, D), (P, dimensions); 0 in place of an undefined one, -inf."""
    best = log_phi.topk(dimensions, 1).values
    return torch.where(best == -torch.inf, 0, best)
