"""Variational autoencoders (VAE): one class with replaceable parts.

    L = -E log p(x given z) + regulariser, nats per image

| method | regulariser | pooling | supervision |
|---|---|---|---|
| vae, beta-vae | beta | | |
| constrained-vae | constrained (adds the player "multiplier") | | |
| annealed-vae | capacity | | |
| beta-tcvae | total-correlation | | |
| factor-vae | density-ratio (adds the player "critic") | | |
| dip-vae-1, dip-vae-2 | moments | | |
| info-vae, aae | info, with a divergence: mmd, stein, adversarial (adds "critic") | | |
| hfs-vae | hausdorff | | |
| ml-vae, gvae | any | product, mean | |
| ada-ml-vae, ada-gvae | any | adaptive | |
| s2-... | any | | xent, l2, cov, embed, mine (adds "estimators") |

Kingma and Welling (2014), eq. 8, with one sample of the code. Every regulariser goes with every
pooling and supervision. With pooling the KL is that of the pooled posterior of every image, and
estimates of q(z) (total correlation, moments, MMD, ...) use one image of each group, since only
those are independent. Every term is in nats per image. Under the poolings product and mean,
what a group shares is counted once: in the value of KL, I, TC, dimension-wise KL and moments, and
in the gradient of the others. Under adaptive and random each image of a pair pays its KL in full,
that of the averaged columns too: the objective of Locatello et al. (2020, section 4) is the sum of
both images' bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

import torch
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.methods.base import Method, NotAvailable, Part, Player
from unweave.methods.player import players_of
from unweave.nets.likelihood import Likelihood
from unweave.settings import Setting
from unweave.types import NATS, Batch, Losses, Posterior

T = TypeVar("T")
# batches of several images side by side, (B, M, C, H, W)
GROUPED = ("groups", "pairs", "triplets", "clips", "views")


class VAE(Method):
    """A variational autoencoder.

    encoder: images (B, *shape) to (B, 2 * latents), mean and log variance side by side; to (B,
    latents) where a code is a point. decoder: codes (B, latents) to the parameters of the
    likelihood. regulariser: (q, z, step, rows) -> Losses.
    pooling: joins the posteriors of images of a group. supervision: (q of the labelled images,
    their factors, step) -> Losses. ValueError if a part needs codes with a variance and they are
    points.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        regulariser: Part,
        pooling: Part | None = None,
        supervision: Part | None = None,
        *,
        latents: Annotated[int, Setting("columns of a code", low=1, search=(5, 10, 20))] = 10,
        lr: Annotated[
            float, Setting("learning rate of Adam", above=0, search=("log", 1e-5, 1e-2))
        ] = 1e-4,
        posterior: Annotated[
            Literal["gaussian", "point"], Setting("whether a code has a variance")
        ] = "gaussian",
    ):
        super().__init__()
        for part in (regulariser, pooling):
            if posterior == "point" and part is not None and part.stochastic:
                raise ValueError(
                    f"{type(part).__name__} needs codes with a variance: choose posterior gaussian"
                )
        if pooling is not None and pooling.needs.isdisjoint(GROUPED):
            found = f"the pooling {type(pooling).__name__} needs {sorted(pooling.needs)}"
            raise ValueError(f"{found}; expected one of {', '.join(GROUPED)}")
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.regulariser = regulariser
        self.pooling = pooling
        self.supervision = supervision
        self.latents = latents
        self.lr = lr
        self.posterior = posterior

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        latents = known["latents"]
        outputs = latents
        if known["posterior"] == "gaussian":
            outputs = 2 * latents  # mean and log variance
        return {
            "regulariser": {"latents": latents},
            "pooling": {"latents": latents},
            "supervision": {"latents": latents},
            "encoder": {"outputs": outputs},
            "decoder": {"inputs": latents},
        }

    @property
    def needs(self) -> frozenset[str]:
        found = frozenset({"images"})
        if self.pooling is not None:
            found = self.pooling.needs
        if self.supervision is not None:
            found = found | self.supervision.needs
        return found

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        if self.pooling is None:
            return {"code": slice(None)}
        return self.pooling.blocks

    def players(self) -> dict[str, Player]:
        others: dict[str, Player] = {}
        for part in (self.regulariser, self.pooling, self.supervision):
            if part is None:
                continue
            added = players_of(part)
            if "model" in added:
                raise ValueError(
                    f"{type(part).__name__} adds a player 'model', the VAE's own; "
                    "give it another name"
                )
            others |= added
        # all parameters that no part's player owns
        taken = {id(w) for player in others.values() for w in player.weights()}
        rest = tuple(w for w in self.parameters() if w.requires_grad and id(w) not in taken)
        return {"model": Player(rest, self.lr)} | others

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        q, x, members = self._posterior(batch)
        z = q.sample()  # (B, latents)
        reconstruction = self.likelihood(self.decoder(z), x).mean()
        turn = Losses({"model": reconstruction}, {"reconstruction": reconstruction}, NATS)
        # the images of a group share their code: estimates of q(z) use the first of each
        different = slice(None, None, members)
        turn += _losses_of(self.regulariser, self.regulariser(q, z, step, different))
        if self.supervision is not None and batch.labelled is not None:
            labelled = self.encode(batch.labelled.x)
            found = self.supervision(labelled, batch.labelled.v, step)
            turn += _losses_of(self.supervision, found)
        yield turn

    def _posterior(self, batch: Batch) -> tuple[Posterior, Tensor, int]:
        """Posterior of every image, pooled over groups, the images, and the size of a group."""
        index = None if batch.index is None else batch.index.flatten()
        if self.pooling is None:
            return replace(self.encode(batch.x), index=index), batch.x, 1
        groups, members = batch.x.shape[:2]
        x = batch.x.flatten(0, 1)  # (G, M, ...) -> (G * M, ...)
        q = self.encode(x).map(lambda t: t.unflatten(0, (groups, members)))  # (G, M, D)
        pooled = _of_type(Posterior, self.pooling, self.pooling(q, batch))  # (G, M, D)
        pooled = pooled.map(lambda t: t.flatten(0, 1))  # (G * M, D)
        return replace(pooled, index=index), x, members

    def encode(self, x: Tensor) -> Posterior:
        found = self.encoder(x).float()
        if self.posterior == "point":
            return Posterior(found)
        mean, log_var = found.chunk(2, 1)
        return Posterior(mean, log_var)

    def decode(self, z: Tensor) -> Tensor:
        return self.likelihood.mean(self.decoder(z))

    def sample_prior(self, n: int) -> Tensor:
        device = next(self.decoder.parameters()).device
        return torch.randn(n, self.latents, device=device)

    def elbo(self, x: Tensor) -> Tensor:
        # log p(x) >= E log p(x given z) - KL(q(z given x) || p(z)), one sample of z: (B,)
        q = self.encode(x)
        if q.log_var is None:
            raise NotAvailable("a code that is a point has no bound of log p(x)")
        return -self.likelihood(self.decoder(q.sample()), x) - q.kl().sum(1)


def _of_type(expected: type[T], part: Part, found: object) -> T:
    """What a part returned. ValueError if it is of another type."""
    if not isinstance(found, expected):
        given = f"{type(part).__name__} gives a {type(found).__name__}"
        raise ValueError(f"{given}; expected {expected.__name__} of unweave.types")
    return found


def _losses_of(part: Part, found: object) -> Losses:
    """The losses that a part returned. ValueError if they are none, or one is not a scalar."""
    losses = _of_type(Losses, part, found)
    for player, loss in losses.of.items():
        if isinstance(loss, Tensor) and loss.ndim:
            given = f"{type(part).__name__} gives a loss of {player!r} of shape {tuple(loss.shape)}"
            raise ValueError(f"{given}; expected a mean, a scalar")
    return losses
