"""M2 (Kingma et al., 2014, eq. 6 to 9): a VAE whose code is a class and a style, from few labels.

    U(x) of all images  +  labels / n * L(x, y)  -  alpha * log q(y given x) of the labelled images

per image: the objective of eq. 9, divided by n. Its alpha is the paper's, which multiplies n there:
0.1 with 50,000 images. Where images are few, more is needed: on digits with 2 labels of each class
0.1 names .81 of the held-out ones, 1 .88 (Bernoulli pixels). alpha is in nats against log p(x), so
that it depends on the likelihood: a Gaussian with a learned scale drowns it.

With a regulariser, its terms take the place of KL(q(z given x, y) || p(z)) of the images without
label: total correlation, moments, ... of styles, each of a class drawn from q(y given x). The
class is inferred by the bound, as without it.

**Departures**: the labelled images are among those without label, too. Weights have no prior. The
class is added to the features of the default encoder, which has its own hidden layers, where the
paper has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.methods.base import Method, Part, Player
from unweave.methods.class_model import Alternatives, ClassModel, refuse_no_classes
from unweave.methods.player import players_of
from unweave.nets.likelihood import Likelihood
from unweave.settings import Setting
from unweave.types import NATS, Batch, Losses, Posterior


class M2(Method):
    """A code is [probabilities of the classes, style]; the class is that of the labels.

    encoder, class_encoder, decoder: as of `ClassModel`. n, labels: images and labelled images,
    filled in. ValueError if the data have no classes.
    """

    def __init__(
        self,
        encoder: nn.Module,
        class_encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        regulariser: Part | None = None,
        *,
        n: int,
        classes: int,
        labels: int,
        latents: Annotated[int, Setting("columns of the style", low=1, search=(2, 8, 50))] = 10,
        features: Annotated[int, Setting("features to which the class is added", low=1)] = 500,
        alpha: Annotated[
            float,
            Setting("nats of loss per nat of a label's cross-entropy", low=0, search=(0.1, 1, 10)),
        ] = 0.1,
        lr: Annotated[
            float, Setting("learning rate of Adam", above=0, search=("log", 1e-4, 1e-2))
        ] = 3e-4,
    ):
        super().__init__()
        self.model = ClassModel(
            encoder,
            class_encoder,
            decoder,
            likelihood,
            classes=classes,
            latents=latents,
            features=features,
        )
        self.regulariser = regulariser
        self.labelled_share = labels / n
        self.alpha = alpha
        self.lr = lr

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        refuse_no_classes(known["classes"])
        return {
            "encoder": {"outputs": known["features"]},
            "class_encoder": {"outputs": known["classes"]},
            "decoder": {"inputs": known["classes"] + known["latents"]},
            "regulariser": {"latents": known["latents"]},
        }

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"images", "labels"})

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        return self.model.blocks

    @property
    def classes_named(self) -> bool:
        return True

    def players(self) -> dict[str, Player]:
        others: dict[str, Player] = {}
        if self.regulariser is not None:
            others = players_of(self.regulariser)
        taken = {id(w) for player in others.values() for w in player.weights()}
        rest = tuple(w for w in self.parameters() if w.requires_grad and id(w) not in taken)
        return {"model": Player(rest, self.lr)} | others

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        each = self.model.alternatives(batch.x)  # (B, K): every image under every class
        reconstruction = each.mean(each.reconstruction).mean()
        class_kl = each.class_kl().mean()
        terms = {"reconstruction": reconstruction, "class kl": class_kl}
        turn = Losses({"model": reconstruction + class_kl}, terms, NATS)
        turn += self._regularised(each, batch, step)
        turn += self._labelled(batch)
        yield turn

    def _regularised(self, each: Alternatives, batch: Batch, step: int) -> Losses:
        """KL of the styles, or the regulariser of one class for each image."""
        kl = each.mean(each.kl).mean()
        if self.regulariser is None:
            return Losses({"model": kl}, {"kl": kl}, NATS)
        # one class for each image: rows b * K + y
        weight = each.weight  # (B, K)
        drawn = torch.multinomial(weight.detach(), 1).squeeze(1)  # (B,)
        rows = torch.arange(len(drawn), device=drawn.device) * weight.shape[1] + drawn
        q = replace(each.q.map(lambda t: t[rows]), index=batch.index)  # (B, D)
        found: Losses = self.regulariser(q, each.z[rows], step, slice(None))
        # its value is 0; it gives q(y given x) the gradient of the KL, which a drawn class does not
        through_class = ((weight - weight.detach()) * each.kl.detach()).sum(1).mean()
        return found + Losses({"model": through_class})

    def _labelled(self, batch: Batch) -> Losses:
        """The bound of the labelled images, and the cross-entropy of their classes."""
        given = batch.labelled
        assert given is not None  # needs has "labels"
        assert given.y is not None  # the data have classes
        bound = self.model.labelled(given.x, given.y).mean()
        surprise = F.nll_loss(self.model.log_class(given.x), given.y)
        loss = self.labelled_share * bound + self.alpha * surprise
        terms = {"label cross-entropy": surprise, "labelled bound": -bound}
        return Losses({"model": loss}, terms, NATS)

    def encode(self, x: Tensor) -> Posterior:
        return self.model.code(x)

    def decode(self, z: Tensor) -> Tensor:
        return self.model.likelihood.mean(self.model.decoder(z))

    def sample_prior(self, n: int) -> Tensor:
        return self.model.sample_prior(n)

    def elbo(self, x: Tensor) -> Tensor:
        return -self.model.unlabelled(x)
