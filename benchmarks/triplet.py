"""A triplet loss in place of the F-statistic loss, in the recipe `f-statistic`: modularity and explicitness beside it.

    python benchmarks/triplet.py [SEED...]

An encoder whose codes of one class are nearer to one another than to those of others by a margin, in all latents at
once. Batches, network, steps and held-out combinations are those of the recipe.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from typing import Annotated, Any

import torch
from torch import nn
from torch.nn.functional import relu

import unweave
from unweave.methods.base import Method, Player
from unweave.reproduction.listed import read
from unweave.settings import Setting
from unweave.types import Batch, Losses, Posterior

MARGIN = 1.0


class Triplet(Method):
    """The mean of max(0, margin + d(a, p) - d(a, n)) over the triplets of a batch for which it is not 0."""

    def __init__(
        self,
        encoder: nn.Module,
        *,
        latents: Annotated[int, Setting("columns of a code", low=1)] = 10,
        lr: Annotated[float, Setting("learning rate of Adam", above=0)] = 1e-4,
    ):
        super().__init__()
        self.encoder = encoder
        self.lr = lr

    @classmethod
    def part_arguments(cls, known: Any) -> Any:
        return {"encoder": {"outputs": known["latents"]}}

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"classes"})

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, self.lr)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        z = self.encoder(batch.x).float()
        apart = (z[:, None] - z).square().sum(-1).clamp_min(1e-12).sqrt()  # (B, B)
        same = batch.y[:, None] == batch.y
        positive = same & ~torch.eye(len(z), dtype=torch.bool)
        # (B, B, B): anchor, positive, negative
        cost = relu(MARGIN + apart[:, :, None] - apart[:, None])
        cost = cost[positive[:, :, None] & ~same[:, None]]
        yield Losses({"model": cost.sum() / (cost > 0).sum().clamp_min(1)})

    def encode(self, x: torch.Tensor) -> Posterior:
        return Posterior(self.encoder(x).float())


def main(seeds: list[int]) -> None:
    """Print the two scores of each seed."""
    arm = read("f-statistic").arms["method"].training()
    arm |= {"method": Triplet, "lr": 1e-3}
    del arm["dimensions"]
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            run = unweave.train(**arm, seed=seed, out=folder)
            scores = unweave.evaluate(run, ["modularity", "explicitness"])
        print(seed, {name: round(float(score.value), 3) for name, score in scores.items()})


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [0, 1, 2])
