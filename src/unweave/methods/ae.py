"""Autoencoder with a deterministic code, -log p(x given code): the unregularised baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from torch import Tensor, nn

from unweave.methods.base import Method, NotAvailable, Player
from unweave.nets.likelihood import Likelihood
from unweave.settings import Setting
from unweave.types import NATS, Batch, Losses, Posterior


class AE(Method):
    """Autoencoder without a prior.

    encoder: images (B, *shape) to codes (B, latents). decoder: codes to the parameters of the
    likelihood.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        *,
        latents: Annotated[int, Setting("columns of a code", low=1, search=(5, 10, 20))] = 10,
        lr: Annotated[
            float, Setting("learning rate of Adam", above=0, search=("log", 1e-5, 1e-2))
        ] = 1e-4,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.lr = lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        return {"encoder": {"outputs": known["latents"]}, "decoder": {"inputs": known["latents"]}}

    def players(self) -> dict[str, Player]:
        return {"model": Player(self, self.lr)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        code = self.encode(batch.x).mean  # (B, latents)
        reconstruction = self.likelihood(self.decoder(code), batch.x).mean()
        yield Losses({"model": reconstruction}, {"reconstruction": reconstruction}, NATS)

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(self.encoder(x).float())

    def decode(self, z: Tensor) -> Tensor:
        return self.likelihood.mean(self.decoder(z))

    def elbo(self, x: Tensor) -> Tensor:
        raise NotAvailable(
            "an AE has a likelihood of an image given its code, but no prior: "
            "there is no bound of log p(x)"
        )
