"""M1+M2 (Kingma et al., 2014, section 2.1.3): M2 of the codes of a VAE, in two stages.

Stage 1 trains M1, a VAE of the images with codes z1. Stage 2 trains M2 on z1 with M1 fixed: p(y)
p(z2) p(z1 given y, z2), where p(z1 given y, z2) is a diagonal Gaussian with a learned variance. z1
is sampled anew whenever an image is used. As in the authors' code, columns of z1 whose mean
deviates by .1 or less over the images say nothing and are dropped before stage 2: the density of
one that is nearly constant has no bound.

**Departures**: the deviation is measured on the batches of the last tenth of stage 1, while M1
still learns a little. The variance of p(z1 given y, z2) has a floor, 1e-4. As of `m2`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.maths.gaussian import LOG_2PI
from unweave.methods.base import Method, Player
from unweave.methods.class_model import ClassModel, refuse_no_classes
from unweave.methods.code_likelihood import CodeLikelihood
from unweave.methods.stages import end_of_first
from unweave.nets.likelihood import Likelihood
from unweave.settings import Setting
from unweave.types import NATS, Batch, Losses, Posterior


class M1M2(Method):
    """A code is [probabilities of the classes, style z2]; the player "m1" plays first, then "m2".

    encoder, decoder: of images and z1. code_encoder, class_encoder, code_decoder: of z1, as the
    encoder, class_encoder and decoder of `ClassModel`. steps, n, classes, labels: filled in.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        code_encoder: nn.Module,
        class_encoder: nn.Module,
        code_decoder: nn.Module,
        *,
        n: int,
        classes: int,
        labels: int,
        steps: int,
        codes: Annotated[
            int, Setting("columns of z1, the code of M1", low=1, search=(10, 50))
        ] = 50,
        latents: Annotated[int, Setting("columns of the style z2", low=1, search=(5, 10, 50))] = 10,
        features: Annotated[int, Setting("features to which the class is added", low=1)] = 500,
        first: Annotated[
            float, Setting("share of the run that is stage 1", above=0, search=(0.3, 0.5))
        ] = 0.5,
        alpha: Annotated[
            float,
            Setting("nats of loss per nat of a label's cross-entropy", low=0, search=(0.1, 1, 10)),
        ] = 0.1,
        lr: Annotated[
            float, Setting("learning rate of Adam", above=0, search=("log", 1e-4, 1e-2))
        ] = 3e-4,
    ):
        super().__init__()
        self.boundary = end_of_first(first, steps)
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.used = CodeLikelihood(codes)
        self.model = ClassModel(
            code_encoder,
            class_encoder,
            code_decoder,
            self.used,
            classes=classes,
            latents=latents,
            features=features,
        )
        self.labelled_share = labels / n
        self.alpha = alpha
        self.lr = lr
        self.register_buffer("seen", torch.zeros((), dtype=torch.float64))
        self.register_buffer("total", torch.zeros(codes, dtype=torch.float64))
        self.register_buffer("squares", torch.zeros(codes, dtype=torch.float64))
        self.seen: Tensor
        self.total: Tensor
        self.squares: Tensor

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        refuse_no_classes(known["classes"])
        of_codes = (known["codes"],)
        return {
            "encoder": {"outputs": 2 * known["codes"]},
            "decoder": {"inputs": known["codes"]},
            "code_encoder": {"shape": of_codes, "outputs": known["features"]},
            "class_encoder": {"shape": of_codes, "outputs": known["classes"]},
            "code_decoder": {
                "shape": (2 * known["codes"],),
                "inputs": known["classes"] + known["latents"],
            },
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
        m1 = Player((self.encoder, self.decoder, self.likelihood), self.lr)
        return {"m1": m1, "m2": Player(self.model, self.lr)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        if step < self.boundary:
            yield self._stage_1(batch, measure=step >= 0.9 * self.boundary - 1)
            return
        if step == self.boundary:
            self._drop()
        yield self._stage_2(batch)

    def _stage_1(self, batch: Batch, measure: bool) -> Losses:
        """The VAE of the images; with `measure`, the moments of the means of z1 are summed."""
        q = self._codes(batch.x)
        if measure:
            mean = q.mean.detach().double()  # (B, codes)
            self.seen += len(mean)
            self.total += mean.sum(0)
            self.squares += mean.square().sum(0)
        reconstruction = self.likelihood(self.decoder(q.sample()), batch.x).mean()
        kl = q.kl().sum(1).mean()
        terms = {"reconstruction": reconstruction, "kl": kl}
        return Losses({"m1": reconstruction + kl}, terms, NATS)

    def _drop(self) -> None:
        """Drop the columns of z1 whose mean deviates by .1 or less.

        If all do, the one that deviates most is kept.
        """
        mean = self.total / self.seen  # (codes,)
        deviation = (self.squares / self.seen - mean.square()).clamp_min(0).sqrt()
        used = (deviation > 0.1) | (deviation == deviation.max())
        self.used.used.copy_(used)

    def _stage_2(self, batch: Batch) -> Losses:
        given = batch.labelled
        assert given is not None  # needs has "labels"
        assert given.y is not None  # the data have classes
        # eq. 9 of the paper with z1 in place of images: -U, -L and the labels' cross-entropy
        unlabelled = self.model.unlabelled(self._sampled(batch.x)).mean()
        z1 = self._sampled(given.x)  # (B, codes)
        labelled = self.model.labelled(z1, given.y).mean()
        surprise = F.nll_loss(self.model.log_class(z1), given.y)
        loss = unlabelled + self.labelled_share * labelled + self.alpha * surprise
        terms = {
            "bound of z1": -unlabelled,
            "label cross-entropy": surprise,
            "labelled bound": -labelled,
        }
        return Losses({"m2": loss}, terms, NATS)

    def _codes(self, x: Tensor) -> Posterior:
        """q(z1 given x)."""
        mean, log_var = self.encoder(x).float().chunk(2, 1)
        return Posterior(mean, log_var)

    @torch.no_grad()
    def _sampled(self, x: Tensor) -> Tensor:
        """z1 (B, codes) of images, with 0 in columns that are not used."""
        return self._codes(x).sample() * self.used.used

    def encode(self, x: Tensor) -> Posterior:
        return self.model.code(self._codes(x).mean * self.used.used)

    def decode(self, z: Tensor) -> Tensor:
        z1 = self.used.mean(self.model.decoder(z))
        return self.likelihood.mean(self.decoder(z1))

    def sample_prior(self, n: int) -> Tensor:
        return self.model.sample_prior(n)

    def elbo(self, x: Tensor) -> Tensor:
        q = self._codes(x)
        assert q.log_var is not None
        z1 = q.sample()  # (B, codes)
        used = self.used.used
        # columns that are used have the prior of M2, the others that of M1
        entropy = (0.5 * (q.log_var + LOG_2PI + 1) * used).sum(1)  # (B,)
        bound_of_code = entropy - self.model.unlabelled(z1 * used) - (q.kl() * (1 - used)).sum(1)
        return bound_of_code - self.likelihood(self.decoder(z1), x)
