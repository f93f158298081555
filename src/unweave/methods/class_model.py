"""Joint model of images and classes, p(y) p(z) p(x given y, z), with q(y given x) q(z given x, y).

The bounds of Kingma et al. (2014), "Semi-supervised learning with deep generative models":

    log p(x, y) >= -L(x, y)
        L(x, y) = -E log p(x given y, z) - log p(y) + KL(q(z given x, y) || p(z))              (6)
    log p(x) >= -U(x)
        U(x) = sum over y of q(y given x) (L(x, y) + log q(y given x))                         (7)

The sum over y is exact: every image is decoded once for each class. E over z is one sample for each
class; KL is in closed form. p(y) is uniform, p(z) = N(0, I).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.blocks import Block
from unweave.nets.likelihood import Likelihood
from unweave.settings import as_option
from unweave.types import Posterior


@dataclass(frozen=True)
class Alternatives:
    """Images under every class.

    log_q, reconstruction, kl: (B, K), nats. q, z: (B * K, D), image b and class y in row b * K + y.
    """

    log_q: Tensor
    reconstruction: Tensor
    kl: Tensor
    q: Posterior
    z: Tensor

    @property
    def weight(self) -> Tensor:
        """q(y given x), (B, K)."""
        return self.log_q.exp()

    def mean(self, of: Tensor) -> Tensor:
        """Mean over q(y given x) of a value of each class, (B, K) -> (B,)."""
        return (self.weight * of).sum(1)

    def class_kl(self) -> Tensor:
        """KL(q(y given x) || p(y)), (B,), nats."""
        return self.mean(self.log_q) + math.log(self.log_q.shape[1])


class ClassModel(nn.Module):
    """Networks of the joint model. K classes, D latents.

    encoder: x (B, *shape) to features (B, F), to which the class is added before the activation:
    the first layer of q(z given x, y). class_encoder: x to logits of the class (B, K). decoder:
    (one-hot class, z), (B, K + D), to the parameters of the likelihood.
    """

    def __init__(
        self,
        encoder: nn.Module,
        class_encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        *,
        classes: int,
        latents: int,
        features: int,
    ):
        super().__init__()
        self.encoder = encoder
        self.class_encoder = class_encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.classes = classes
        self.latents = latents
        self.of_class = nn.Linear(classes, features, bias=False)
        self.to_code = nn.Linear(features, 2 * latents)

    def log_class(self, x: Tensor) -> Tensor:
        """Log q(y given x), (B, K)."""
        return self.class_encoder(x).float().log_softmax(1)

    def posterior(self, features: Tensor, y: Tensor) -> Posterior:
        """q(z given x, y) of features (B, F) and one-hot classes (B, K)."""
        hidden = F.softplus(features + self.of_class(y))
        mean, log_var = self.to_code(hidden).float().chunk(2, -1)
        return Posterior(mean, log_var)

    def decoded(self, y: Tensor, z: Tensor) -> Tensor:
        """The parameters of p(x given y, z) for one-hot classes (B, K) and codes (B, D)."""
        return self.decoder(torch.cat([y, z], 1))

    def labelled(self, x: Tensor, y: Tensor) -> Tensor:
        """L(x, y), (B,), for classes y (B,)."""
        one_hot = F.one_hot(y, self.classes).float()
        q = self.posterior(self.encoder(x), one_hot)
        reconstruction = self.likelihood(self.decoded(one_hot, q.sample()), x)
        return reconstruction + math.log(self.classes) + q.kl().sum(1)

    def alternatives(self, x: Tensor) -> Alternatives:
        """Each image under each class."""
        images = len(x)
        # row b * K + y has image b and class y
        every = torch.eye(self.classes, device=x.device)
        y = every.repeat(images, 1)  # (B * K, K)
        features = self.encoder(x).repeat_interleave(self.classes, 0)  # (B * K, F)
        q = self.posterior(features, y)
        z = q.sample()  # (B * K, D)
        repeated = x.repeat_interleave(self.classes, 0)  # (B * K, ...)
        nats = self.likelihood(self.decoded(y, z), repeated)  # (B * K,)
        by_class = (images, self.classes)
        kl = q.kl().sum(1).view(by_class)
        return Alternatives(self.log_class(x), nats.view(by_class), kl, q, z)

    def unlabelled(self, x: Tensor) -> Tensor:
        """U(x), (B,)."""
        each = self.alternatives(x)
        return each.mean(each.reconstruction + each.kl) + each.class_kl()

    @property
    def blocks(self) -> dict[str, Block | slice]:
        """The blocks of a code, [probabilities of the classes, style]."""
        return {
            "class": slice(0, self.classes),
            "style": slice(self.classes, self.classes + self.latents),
        }

    def code(self, x: Tensor) -> Posterior:
        """q(y given x) side by side with q(z given x, y) at its most probable class, (B, K + D)."""
        log_q = self.log_class(x)  # (B, K)
        most_probable = F.one_hot(log_q.argmax(1), self.classes).float()
        style = self.posterior(self.encoder(x), most_probable)  # (B, D)
        assert style.log_var is not None
        unused = torch.zeros_like(log_q)
        mean = torch.cat([log_q.exp(), style.mean], 1)
        return Posterior(mean, torch.cat([unused, style.log_var], 1), blocks=self.blocks)

    def sample_prior(self, n: int) -> Tensor:
        """Codes (n, K + D) of classes and styles from their priors."""
        device = self.to_code.weight.device
        y = torch.randint(self.classes, (n,), device=device)
        style = torch.randn(n, self.latents, device=device)
        return torch.cat([F.one_hot(y, self.classes).float(), style], 1)


def refuse_no_classes(classes: int) -> None:
    """ValueError if the data have no classes, or one only."""
    if classes < 2:
        found = ("no classes", "one class only")[classes]
        raise ValueError(
            f"these data have {found}: give sub-folders or labels as classes, "
            f"or {as_option('classes', 'FACTOR')}"
        )
