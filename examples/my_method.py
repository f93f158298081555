"""A custom method in one file: an autoencoder with an L1 penalty on its code.

unweave train examples.my_method:SparseAE --data dsprites --penalty 0.5 --steps 1000
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from torch import Tensor, nn

from unweave.methods.base import Method, Player
from unweave.nets.likelihood import Likelihood
from unweave.settings import Setting
from unweave.types import NATS, Batch, Losses, Posterior


class SparseAE(Method):
    """-log p(x given code) + penalty * |code|_1."""

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        *,
        latents: Annotated[int, Setting("columns of a code", low=1)] = 10,
        penalty: Annotated[
            float, Setting("nats of loss per unit of the code", low=0, search=(0.1, 1, 10))
        ] = 1.0,
        lr: Annotated[float, Setting("learning rate of Adam", above=0)] = 1e-3,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.penalty = penalty
        self.lr = lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {"encoder": {"outputs": known["latents"]}, "decoder": {"inputs": known["latents"]}}

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, self.lr)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        code = self.encode(batch.x).mean
        reconstruction = self.likelihood(self.decoder(code), batch.x).mean()
        size = code.abs().sum(1).mean()
        terms = {"reconstruction": reconstruction, "size": size}
        units = {"reconstruction": NATS, "size": "of the code"}
        yield Losses({"model": reconstruction + self.penalty * size}, terms, units)

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.encoder(x).float())

    def decode(self, z: Tensor) -> Tensor:
        return self.likelihood.mean(self.decoder(z))
