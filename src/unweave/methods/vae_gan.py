"""Content and style from triplets, by swaps and a discriminator (Mathieu et al., 2016, section 3).

From images x1 and x1' of one class and x2 of another, with a content code s(x), which is a point,
and a style z ~ q(z given x):

    0.5 * error of Dec(z, s) of each image
    + errors of Dec(z1, s1') to x1 and of Dec(z1', s1) to x1'
    + weight * cross-entropy of D to "real", of Dec(z2, s1') and Dec(z1', s2)
    + beta * 6 / pixels * KL(q(z given x) || N(0, I))

Swaps within a class keep the class out of the style; the discriminator D sees swaps between
classes, for which there is no true image. Errors are means over pixels, and those of a line are
means over its images. As in the authors' code both players move at once, "real" is .95, and each
image that is decoded has its own draw of z.

D sees the class beside an image (`judge=class`: the logit is linear in features of the image,
with a term of the class), or another image of the class (`judge=pair`), which takes any
number of classes. It rests while it names `rest` of a batch rightly or more.

**Departures**: classes of x1 and x2 always differ. The networks are those of the VAEs, without
batch normalisation or dropout; classes enter D at its last layer. Pixels are in 0 to 1, and errors
are four times the squared ones, as if they were in -1 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.methods.base import Method, NotAvailable, Player
from unweave.methods.triplet_swaps import beside_made, real_pairs, swaps
from unweave.nets.discriminator import Discriminator, towards
from unweave.settings import Setting, as_option
from unweave.types import NATS, Batch, Losses, Posterior

UNITS = {
    "error": "squared difference of pixels",
    "swap error": "squared difference of pixels",
    "kl": NATS,
    "fooled": NATS,
    "discriminator": NATS,
    "accuracy": "share",
}
REAL = 0.95  # target of real images


class VAEGAN(Method):
    """A code is [content, style]; players "model" and "discriminator".

    encoder: images to mean and log variance of the style. content_encoder: to the content.
    decoder: (content, style) to logits of pixels. judge_encoder: images, or pairs of them as 2 C
    channels, to the features of D. shape, classes: filled in. ValueError for vectors, and for
    `judge=class` without classes.
    """

    loss_unit: Mapping[str, str] = {"model": UNITS["error"]}  # of the discriminator: nats

    def __init__(
        self,
        encoder: nn.Module,
        content_encoder: nn.Module,
        decoder: nn.Module,
        judge_encoder: nn.Module,
        *,
        shape: tuple[int, ...],
        classes: int,
        latents: Annotated[int, Setting("columns of the style", low=1, search=(16, 64, 512))] = 64,
        content: Annotated[int, Setting("columns of the content", low=1, search=(16, 64))] = 16,
        features: Annotated[int, Setting("features of the discriminator", low=1)] = 128,
        judge: Annotated[
            Literal["pair", "class"], Setting("what the discriminator sees beside an image")
        ] = "pair",
        weight: Annotated[
            float,
            Setting("squared error per nat of the discriminator", low=0, search=("log", 1e-3, 1)),
        ] = 0.01,
        prior: Annotated[
            float, Setting("the same, of images whose style is from the prior", low=0)
        ] = 0.0,
        beta: Annotated[
            float, Setting("weight of the KL, times 6 / pixels", low=0, search=("log", 1e-2, 10))
        ] = 0.1,
        rest: Annotated[
            float,
            Setting("accuracy of the discriminator from which on it rests; above 1 never", above=0),
        ] = 0.8,
        lr: Annotated[
            float, Setting("learning rate of the model", above=0, search=("log", 1e-4, 1e-2))
        ] = 1e-3,
        judge_lr: Annotated[float, Setting("learning rate of the discriminator", above=0)] = 2e-4,
    ):
        super().__init__()
        if judge == "class" and classes < 2:
            raise ValueError(
                "judge is class, but these data have no classes: "
                f"choose {as_option('judge', 'pair')}, or {as_option('classes', 'FACTOR')}"
            )
        self.encoder = encoder
        self.content_encoder = content_encoder
        self.decoder = decoder
        if judge == "pair":
            classes = 0  # of the logit's term
        self.discriminator = Discriminator(judge_encoder, features, classes)
        self.latents = latents
        self.content = content
        self.weight = weight
        self.prior = prior
        self.kl_weight = beta * 6 / math.prod(shape)
        self.rest = rest
        self.lr = lr
        self.judge_lr = judge_lr
        # of the discriminator, on the batch before
        self.register_buffer("accuracy", torch.zeros(()))
        self.accuracy: Tensor

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        shape = known["shape"]
        if len(shape) != 3:
            raise ValueError(
                f"the discriminator needs images (C, H, W), the data have shape {shape}"
            )
        seen = shape
        if known["judge"] == "pair":
            seen = (2 * shape[0], *shape[1:])  # an image and its partner
        return {
            "encoder": {"outputs": 2 * known["latents"]},
            "content_encoder": {"outputs": known["content"]},
            "decoder": {"inputs": known["content"] + known["latents"]},
            "judge_encoder": {"shape": seen, "outputs": known["features"]},
        }

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"triplets"})

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        return {
            "content": Block(slice(0, self.content), kind="point"),
            "style": slice(self.content, self.content + self.latents),
        }

    def players(self) -> dict[str, Player]:
        adam = partial(torch.optim.Adam, betas=(0.5, 0.999))
        model = (self.encoder, self.content_encoder, self.decoder)
        return {
            "model": Player(model, self.lr, adam),
            "discriminator": Player(self.discriminator, self.judge_lr, adam),
        }

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        assert batch.y is not None  # of every batch of triplets
        # (B, 3, ...) -> (3 B, ...): all x1, then x1', then x2
        x = batch.x.transpose(0, 1).flatten(0, 1)
        first, second, _ = x.chunk(3)  # (B, ...) each
        q = self._style(x)
        s = self.content_encoder(x).float()  # (3 B, content)
        own, within, between = self._decoded(q, s)
        own_error = squared(own, x)
        swap_error = squared(within, torch.cat([first, second]))
        kl = q.kl().sum(1).mean()
        partner, y = beside_made(batch.x, batch.y)
        fooled = towards(REAL, self.discriminator(between, partner, y))
        loss = 0.5 * own_error + swap_error + self.weight * fooled + self.kl_weight * kl
        if self.prior > 0:
            drawn = self._image(torch.randn_like(q.mean[: len(y)]), s[len(first) :])
            loss = loss + self.prior * towards(REAL, self.discriminator(drawn, partner, y))
        terms = {"error": own_error, "swap error": swap_error, "kl": kl, "fooled": fooled}
        turn = Losses({"model": loss}, terms, UNITS)
        yield turn + self._judged(batch, between.detach(), partner, y)

    def _decoded(self, q: Posterior, s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images of each style with its own content (3 B), with the other content of its class
        (2 B), and of another class (2 B).
        """
        n = len(s) // 3
        style, content = swaps(n, s.device)
        z = q.map(lambda t: t[style]).sample()  # (7 B, latents)
        images = self._image(z, s[content])  # (7 B, ...), each with its own draw of z
        own, within, between = images.split([3 * n, 2 * n, 2 * n])
        return own, within, between

    def _judged(self, batch: Batch, made: Tensor, partner: Tensor, y: Tensor) -> Losses:
        """The turn of D; without its loss, where it rests."""
        by_class = self.discriminator.of_class is not None
        real, beside = real_pairs(batch.x, by_class=by_class)
        of_real = self.discriminator(real, beside, y)  # (2 B,) logits
        of_made = self.discriminator(made, partner, y)
        loss = towards(REAL, of_real) + towards(0.0, of_made)
        right = torch.cat([of_real > 0, of_made < 0]).float().mean()
        rests = bool(self.accuracy >= self.rest)
        self.accuracy.copy_(right)
        terms = {"discriminator": loss, "accuracy": right}
        if rests:
            return Losses({}, terms, UNITS)
        return Losses({"discriminator": loss}, terms, UNITS)

    def _style(self, x: Tensor) -> Posterior:
        mean, log_var = self.encoder(x).float().chunk(2, 1)
        return Posterior(mean, log_var)

    def _image(self, z: Tensor, s: Tensor) -> Tensor:
        image: Tensor = self.decoder(torch.cat([s, z], 1)).float().sigmoid()
        return image

    def encode(self, x: Tensor) -> Posterior:
        q = self._style(x)
        s = self.content_encoder(x).float()
        assert q.log_var is not None
        log_var = torch.cat([torch.zeros_like(s), q.log_var], 1)
        return Posterior(torch.cat([s, q.mean], 1), log_var, blocks=self.blocks)

    def decode(self, z: Tensor) -> Tensor:
        return self._image(z[:, self.content :], z[:, : self.content])

    def sample_prior(self, n: int) -> Tensor:
        reason = "the content has no prior: take it from an image, and the style from N(0, I)"
        raise NotAvailable(reason)


def squared(made: Tensor, x: Tensor) -> Tensor:
    """Mean squared error of pixels in -1 to 1, of images in 0 to 1: four times theirs."""
    return 4 * F.mse_loss(made, x)
