"""InfoGAN (Chen et al., 2016, eq. 3 to 6): a generator whose codes can be inferred from its images.

    min over G, Q; max over D:  E log D(x) + E log(1 - D(G(z, c))) - lam * L
    L = E log Q(c given G(z, c)) + H(c)

L is a lower bound of I(c; G(z, c)), short of it by the mean KL of Q to the true posterior of c. D
and Q share a trunk. As in the authors' code the bound is in both players' losses, and the critic
owns trunk, D and Q; the generator's loss is the non-saturating one; each player is trained on
images of its own samples of z and c.

**Departures**: spectral normalisation of trunk and D, or none, in place of batch normalisation (as
InfoGAN-CR's "modified InfoGAN"; narrow fully connected trunks on small images learn better
without), and the networks are those of the VAEs. Instance noise (Arjovsky and Bottou, 2017), off by
default: where few images are known, a critic that memorises them teaches the generator one image
for each category, and Q then fails on all others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from unweave.maths.gaussian import LOG_2PI
from unweave.methods.base import Method, Player
from unweave.settings import Setting
from unweave.types import NATS, Batch, Losses, Posterior


class InfoGAN(Method):
    """InfoGAN: the players "critic" (trunk, D and Q) and "generator".

    encoder: images (B, *shape) to features (B, F), the trunk. decoder: codes (B, D) to logits of
    pixels.

    A code is [one-hot of the category, codes in -1..1, noise in -1..1]. `encode` infers the first
    two (probabilities, means) and gives 0 for the noise. low, high: the range of the data and of
    the generated images, filled in.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        categories: Annotated[
            int, Setting("values of the categorical code; 0 for none", low=0, search=(0, 10))
        ] = 10,
        codes: Annotated[
            int, Setting("continuous codes, uniform in -1..1", low=0, search=(2, 5, 10))
        ] = 2,
        noise: Annotated[int, Setting("noise inputs", low=0, search=(5, 62))] = 62,
        features: Annotated[int, Setting("features of the trunk", low=1)] = 128,
        lam: Annotated[
            float, Setting("nats of loss per nat of information", low=0, search=(0.05, 0.2, 1, 2))
        ] = 1.0,
        spectral: Annotated[
            bool, Setting("whether trunk and D are spectrally normalised", search=(False, True))
        ] = True,
        instance_noise: Annotated[
            float,
            Setting(
                "deviation of noise on the critic's images; pixels are 0..1",
                low=0,
                search=(0, 0.2, 0.4),
            ),
        ] = 0.0,
        critic_lr: Annotated[float, Setting("learning rate of trunk, D and Q", above=0)] = 2e-4,
        generator_lr: Annotated[float, Setting("the generator's learning rate", above=0)] = 1e-3,
        low: float = 0.0,
        high: float = 1.0,
    ):
        super().__init__()
        if categories + codes == 0:
            raise ValueError("categories and codes are both 0: there is no information to keep")
        self.categories = categories
        self.codes = codes
        self.noise = noise
        self.lam = lam
        self.low = low
        self.high = high
        self.instance_noise = instance_noise
        self.critic_lr = critic_lr
        self.generator_lr = generator_lr
        self._make_networks(encoder, decoder, features, spectral)

    def _make_networks(
        self, encoder: nn.Module, decoder: nn.Module, features: int, spectral: bool
    ) -> None:
        self.generator = decoder
        self.trunk = encoder
        self.judge = nn.Linear(features, 1)  # D
        if spectral:
            _normalise(self.trunk)
            _normalise(self.judge)
        self.reader = nn.Sequential(  # Q
            nn.Linear(features, 128),
            nn.LeakyReLU(0.1),
            nn.Linear(128, self.categories + self.codes),
        )

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        inputs = known["categories"] + known["codes"] + known["noise"]
        return {"encoder": {"outputs": known["features"]}, "decoder": {"inputs": inputs}}

    @property
    def blocks(self) -> dict[str, slice]:
        found: dict[str, slice] = {}
        start = 0
        widths = {"class": self.categories, "code": self.codes, "noise": self.noise}
        for name, width in widths.items():
            if width > 0:
                found[name] = slice(start, start + width)
            start += width
        return found

    def players(self) -> dict[str, Player]:
        adam = partial(torch.optim.Adam, betas=(0.5, 0.999))
        critic = Player((self.trunk, self.judge, self.reader), self.critic_lr, adam)
        return {"critic": critic, "generator": Player(self.generator, self.generator_lr, adam)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        # the critic: cross-entropy of real and generated images, and -log Q of the codes
        code = self.sample_prior(len(batch.x))  # (B, D)
        real = self._seen(batch.x)  # (B, F)
        fake = self._seen(self.decode(code))  # (B, F)
        critic = F.softplus(-self._judged(real)).mean() + F.softplus(self._judged(fake)).mean()
        unread, terms = self._unread(fake, code)
        yield Losses({"critic": critic + self.lam * unread}, {"adversarial": critic} | terms, NATS)

        # the generator: fresh codes, the critic's new weights
        code = self.sample_prior(len(batch.x))
        fake = self._seen(self.decode(code))
        deceived = F.softplus(-self._judged(fake)).mean()
        unread, _ = self._unread(fake, code)
        yield Losses({"generator": deceived + self.lam * unread})

    def encode(self, x: Tensor) -> Posterior:
        category, mean = self._read(self._features(x))  # (B, categories), (B, codes)
        noise = mean.new_zeros(len(mean), self.noise)  # it cannot be inferred
        return Posterior(torch.cat([category.softmax(1), mean, noise], 1))

    def decode(self, z: Tensor) -> Tensor:
        image = torch.sigmoid(self.generator(z).float())
        return self.low + (self.high - self.low) * image

    def sample_prior(self, n: int) -> Tensor:
        device = next(self.generator.parameters()).device
        uniform = 2 * torch.rand(n, self.codes + self.noise, device=device) - 1
        if not self.categories:
            return uniform
        category = torch.randint(self.categories, (n,), device=device)
        one_hot = F.one_hot(category, self.categories).float()
        return torch.cat([one_hot, uniform], 1)

    def _seen(self, x: Tensor) -> Tensor:
        """Features (B, F) of real or generated images in training, with fresh instance noise."""
        if self.instance_noise:
            x = x + self.instance_noise * torch.randn_like(x)
        return self._features(x)

    def _features(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.trunk(x), 0.1)

    def _judged(self, features: Tensor) -> Tensor:
        return self.judge(features).float()

    def _read(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the category (B, categories) and means of the codes (B, codes)."""
        category, mean = self.reader(features).float().split([self.categories, self.codes], 1)
        return category, mean

    def _unread(self, features: Tensor, code: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """-log Q(c given x) in nats, mean over images, and the information bounds by kind of code.

        Q of a continuous code is a Gaussian of variance 1, as the authors'. Its information is
        logged as theirs, against a code of N(0, 1), and is at most 1/6 nat for each code; that of
        the category is at most log(categories).
        """
        category, mean = self._read(features)
        total = features.new_zeros((), dtype=torch.float32)
        terms: dict[str, Tensor] = {}
        if self.categories:
            # cross-entropy of the category; H(c) is log(categories)
            surprise = F.cross_entropy(category, code[:, : self.categories])
            terms["information of category"] = math.log(self.categories) - surprise
            total = total + surprise
        if self.codes:
            # -log N(c; mean, 1), of which the constant is not logged
            true = code[:, self.categories : self.categories + self.codes]  # (B, codes)
            error = 0.5 * (true - mean).square().sum(1).mean()
            terms["information of codes"] = 0.5 * true.square().sum(1).mean() - error
            total = total + error + 0.5 * self.codes * LOG_2PI
        return total, terms


def _normalise(net: nn.Module) -> None:
    """Spectral normalisation of linear maps and convolutions: their largest singular value is 1."""
    for layer in list(net.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            spectral_norm(layer)
