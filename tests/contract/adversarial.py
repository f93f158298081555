"""Toys of adversarial methods: critics in several turns, restarts, an encoder in three players, a skip on data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from tests.contract.toys import (
    CLASSES,
    SIDE,
    critic,
    decoder,
    encoder,
    fake,
    mlp,
    one_hot,
    real,
    uniform,
)
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from unweave.methods.base import Method, Player
from unweave.nets.evaluating import evaluating
from unweave.types import Batch, Losses, Posterior

GAN_ADAM = partial(torch.optim.Adam, betas=(0.5, 0.999))


def generator(inputs: int) -> nn.Sequential:
    """Codes to images in [0, 1], with batch statistics."""
    middle = nn.Linear(inputs, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, SIDE * SIDE)
    return nn.Sequential(*middle, nn.Unflatten(1, (1, SIDE, SIDE)), nn.Sigmoid())


def trunk(channels: int) -> nn.Sequential:
    """Images to features (B, 32), under spectral and batch norm."""
    conv = spectral_norm(nn.Conv2d(channels, 8, 4, 2, 1)), nn.BatchNorm2d(8), nn.LeakyReLU(0.2)
    return nn.Sequential(
        *conv, nn.Flatten(), spectral_norm(nn.Linear(8 * 16, 32)), nn.LeakyReLU(0.2)
    )


class InfoGANCR(Method):
    """InfoGAN with a contrastive regulariser: the turns contrast, critic, generator, generator.

    At each step of `changes` the contrast critic starts afresh, weights and optimiser: each era has a player of its own.
    """

    codes, noise, weight, alpha, changes = 3, 4, 0.05, 2.0, (2, 5)

    def __init__(self) -> None:
        super().__init__()
        self.generator, self.trunk = generator(self.codes + self.noise), trunk(1)
        self.judge, self.recogniser = nn.Linear(32, 1), mlp(32, self.codes)
        self.contrast = self.fresh_contrast()

    def fresh_contrast(self) -> nn.Sequential:
        return nn.Sequential(trunk(2), nn.Linear(32, self.codes))

    def players(self) -> dict[str, Player]:
        eras = {
            f"contrast{era}": Player(self.contrast, 2e-3, GAN_ADAM)
            for era in range(len(self.changes) + 1)
        }
        critic = Player((self.trunk, self.judge, self.recogniser), 2e-4, GAN_ADAM)
        return {"critic": critic, "generator": Player(self.generator, 1e-3, GAN_ADAM)} | eras

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        if step in self.changes:
            self.contrast.load_state_dict(self.fresh_contrast().state_dict())
        era, warm = sum(step >= s for s in self.changes), step >= self.changes[0]
        z, pair = (
            self.sample_prior(len(batch.x)),
            self.pair(len(batch.x), gap=1.9 if step < self.changes[1] else 0.0),
        )
        loss = self.contrastive(pair, frozen=not warm)  # one draw serves all turns of the step
        yield Losses({f"contrast{era}": loss}, {"contrast": loss})
        features = self.trunk(self.generator(z))
        information = self.information(features, z)
        judged = real(self.judge(self.trunk(batch.x))) + fake(self.judge(features))
        yield Losses({"critic": judged - self.weight * information}, {"information": information})
        for _ in range(2):
            features = self.trunk(self.generator(z))
            loss = real(self.judge(features)) - self.weight * self.information(features, z)
            yield Losses(
                {"generator": loss + self.alpha * self.contrastive(pair) if warm else loss}
            )

    def pair(self, n: int, gap: float) -> tuple[Tensor, Tensor, Tensor]:
        """Two codes that share one column and differ in the others by at least `gap`; and which column it is."""
        column = torch.randint(self.codes, (n,))
        a, b = (-1 + gap / 2 + (2 - gap) * torch.rand(n, self.codes) for _ in range(2))
        apart = ((a > b).float() * 2 - 1) * gap / 2
        shared, noise = uniform(n, 1), uniform(n, self.noise)
        first, second = (
            (c.scatter(1, column[:, None], shared), noise) for c in (a + apart, b - apart)
        )
        return torch.cat(first, 1), torch.cat(second, 1), column

    def contrastive(self, pair: tuple[Tensor, Tensor, Tensor], frozen: bool = False) -> Tensor:
        a, b, column = pair
        if frozen:
            with evaluating(self.generator):
                images = torch.cat([self.generator(a), self.generator(b)], 1)
        else:
            images = torch.cat([self.generator(a), self.generator(b)], 1)
        return F.cross_entropy(self.contrast(images).float(), column)

    def information(self, features: Tensor, z: Tensor) -> Tensor:
        """Mean log q(c given x) of unit variance, without its constant."""
        return (
            -0.5 * (self.recogniser(features).float() - z[:, : self.codes]).square().sum(1).mean()
        )

    @property
    def blocks(self) -> dict[str, slice]:
        return {"code": slice(0, self.codes), "noise": slice(self.codes, None)}

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(F.pad(self.recogniser(self.trunk(x)).float(), (0, self.noise)))

    def decode(self, z: Tensor) -> Tensor:
        return self.generator(z)

    def sample_prior(self, n: int) -> Tensor:
        return uniform(n, self.codes + self.noise)


class SemiAAE(Method):
    """Semi-supervised adversarial autoencoder: five turns, and the encoder is in three players of them."""

    style, spread = 3, 0.3

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder(CLASSES + self.style), decoder(CLASSES + self.style)
        self.judge_y, self.judge_z = critic(CLASSES), critic(self.style)
        self.heads = nn.Parameter(0.1 * torch.randn(CLASSES, 2))

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"images", "labels"})

    def players(self) -> dict[str, Player]:
        return {
            "reconstruction": Player((self.encoder, self.decoder), falling(0.01), sgd(0.9)),
            "critic": Player((self.judge_y, self.judge_z), falling(0.1), sgd(0.1)),
            "encoder": Player(self.encoder, falling(0.1), sgd(0.1)),
            "classifier": Player(self.encoder, falling(0.1), sgd(0.9)),
            "heads": Player(self.heads, 0.01, sgd(0.0)),
        }

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        again = self.decoder(torch.cat(self.split(batch.x), 1)).float()
        reconstruction = (again - batch.x).square().flatten(1).sum(1).mean()
        yield Losses({"reconstruction": reconstruction}, {"reconstruction": reconstruction})
        y, z = self.split(batch.x)
        prior = self.sample_prior(len(y))
        true_y, true_z = prior[:, :CLASSES], prior[:, CLASSES:]
        on_y = real(self.judge_y(self.blur(true_y))) + fake(self.judge_y(self.blur(y)))
        on_z = real(self.judge_z(self.blur(true_z))) + fake(self.judge_z(self.blur(z)))
        yield Losses({"critic": on_y + on_z})
        fooled = real(self.judge_y(self.blur(y))) + real(
            self.judge_z(self.blur(z))
        )  # y, z hold: the critics moved
        yield Losses({"encoder": fooled})
        log_y = self.split(batch.labelled.x)[0].clamp_min(1e-8).log()
        yield Losses({"classifier": F.nll_loss(log_y, batch.labelled.y)})
        yield Losses({"heads": (2 - torch.pdist(self.heads)).clamp_min(0).sum()})

    def blur(self, t: Tensor) -> Tensor:
        return t + self.spread * torch.randn_like(t)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.encoder(self.blur(x)).float()
        return h[:, :CLASSES].softmax(1), h[:, CLASSES:]

    @property
    def blocks(self) -> dict[str, slice]:
        return {"class": slice(0, CLASSES), "style": slice(CLASSES, None)}

    def encode(self, x: Tensor) -> Posterior:
        h = self.encoder(x).float()
        return Posterior(torch.cat([h[:, :CLASSES].softmax(1), h[:, CLASSES:]], 1))

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z).clamp(0, 1)

    def sample_prior(self, n: int) -> Tensor:
        return torch.cat([one_hot(torch.randint(CLASSES, (n,))), torch.randn(n, self.style)], 1)


def falling(lr: float) -> Callable[[int], float]:
    """A tenth of the rate from step 4 on."""
    return lambda step: lr * (0.1 if step >= 4 else 1)


def sgd(momentum: float) -> Callable[..., torch.optim.Optimizer]:
    return partial(torch.optim.SGD, momentum=momentum)


class VAEGAN(Method):
    """Class and style swapped within a triplet, judged by a critic that rests whenever it is too good."""

    classy, styled, weight = 3, 3, 0.1

    def __init__(self, too_good: float = 0.05) -> None:
        super().__init__()
        self.too_good = too_good
        self.encoder, self.decoder = (
            encoder(self.classy + 2 * self.styled),
            decoder(self.classy + self.styled),
        )
        self.critic, self.classes = critic(SIDE * SIDE + 4), nn.Embedding(CLASSES, 4)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"triplets"})

    def players(self) -> dict[str, Player]:
        model = Player((self.encoder, self.decoder), 1e-3, GAN_ADAM)
        return {"model": model, "critic": Player((self.critic, self.classes), 1e-2, GAN_ADAM)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        x, y = batch.x.unbind(1), batch.y.unbind(1)
        classy, q = zip(*(self.split(image) for image in x), strict=True)
        style = [posterior.sample() for posterior in q]
        swaps = ((0, 0, 0), (0, 1, 0), (1, 0, 1), (2, 2, 2))  # style of, class of, should look like
        far = sum(
            F.mse_loss(self.picture(style[s], classy[c]), x[target]) for s, c, target in swaps
        )
        fakes = [
            (self.picture(style[2], classy[1]), y[1]),
            (self.picture(style[1], classy[2]), y[2]),
        ]
        kl = sum(posterior.kl().sum(1).mean() for posterior in q)
        fooled = sum(real(self.judge(*pair)) for pair in fakes)
        yield Losses({"model": far + self.weight * fooled + 1e-3 * kl}, {"reconstruction": far})
        on_real = torch.cat([self.judge(x[1], y[1]), self.judge(x[2], y[2])])
        on_fake = torch.cat(
            [self.judge(*pair) for pair in fakes]
        )  # the pictures of before the model moved
        lead = on_real.mean() - on_fake.mean()
        if lead < self.too_good:
            yield Losses({"critic": real(on_real) + fake(on_fake)}, {"lead": lead})

    def split(self, x: Tensor) -> tuple[Tensor, Posterior]:
        h = self.encoder(x).float()
        mean, log_var = h[:, self.classy :].chunk(2, 1)
        return h[:, : self.classy], Posterior(mean, log_var)

    def picture(self, style: Tensor, classy: Tensor) -> Tensor:
        return torch.sigmoid(self.decoder(torch.cat([classy, style], 1)).float())

    def judge(self, x: Tensor, y: Tensor) -> Tensor:
        return self.critic(torch.cat([x.flatten(1), self.classes(y)], 1)).float()

    @property
    def blocks(self) -> dict[str, slice]:
        return {"identity": slice(0, self.classy), "style": slice(self.classy, None)}

    def encode(self, x: Tensor) -> Posterior:
        classy, q = self.split(x)
        return Posterior(torch.cat([classy, q.mean], 1))

    def decode(self, z: Tensor) -> Tensor:
        return self.picture(z[:, self.classy :], z[:, : self.classy])
