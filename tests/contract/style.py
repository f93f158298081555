"""A toy of StyleGAN2 with ADA: lazy penalties, state in buffers, an average of the generator that only follows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.methods.base import Method, Player
from unweave.nets.average import Average
from unweave.types import Batch, Losses

STYLES = 8


class Modulated(nn.Module):
    """A convolution whose weights are scaled by a style and normalised, then noise, then a leaky ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.noise = (
            nn.Parameter(torch.randn(channels, channels, 3, 3)),
            nn.Parameter(torch.zeros(())),
        )
        self.style = nn.Linear(STYLES, channels)

    def forward(self, x: Tensor, w: Tensor, constant: bool) -> Tensor:
        scale = (self.style(w) + 1)[:, None, :, None, None]
        kernels = self.weight[None] * scale / math.sqrt(self.weight[0].numel())
        kernels = kernels * (kernels.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        together = x.reshape(1, -1, *x.shape[2:])
        x = F.conv2d(together, kernels.flatten(0, 1), padding=1, groups=len(x)).reshape(x.shape)
        noise = 0 if constant else torch.randn(len(x), 1, *x.shape[2:])
        return F.leaky_relu(x + self.noise * noise, 0.2)


class Synthesis(nn.Module):
    """Styles (B, 2, STYLES) to images (B, 1, 8, 8) in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.randn(1, 8, 4, 4))
        self.coarse, self.fine, self.out = Modulated(8), Modulated(8), nn.Conv2d(8, 1, 1)

    def forward(self, ws: Tensor, constant: bool = False) -> Tensor:
        x = self.coarse(self.start.expand(len(ws), -1, -1, -1), ws[:, 0], constant)
        x = self.fine(F.interpolate(x, scale_factor=2), ws[:, 1], constant)
        return torch.tanh(self.out(x))


class StyleGAN(Method):
    """Mapping and synthesis are two players with two rates on one loss; R1 and path length come every few steps."""

    r1, r1_every, path, path_every, mixing = 1.0, 4, 2.0, 2, 0.9
    target, speed = -0.4, 0.2

    def __init__(self) -> None:
        super().__init__()
        self.mapping = nn.Sequential(
            nn.Linear(STYLES, STYLES), nn.LeakyReLU(0.2), nn.Linear(STYLES, STYLES)
        )
        self.synthesis = Synthesis()
        self.critic = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(128, 1)
        )
        self.average = Average(self.both(), 0.99)
        self.augment: Tensor
        self.signs: Tensor
        self.path_mean: Tensor
        for name in ("augment", "signs", "path_mean"):
            self.register_buffer(name, torch.zeros(()))

    def both(self) -> nn.ModuleList:
        return nn.ModuleList([self.mapping, self.synthesis])

    def players(self) -> dict[str, Player]:
        g, d = self.path_every, self.r1_every
        return {
            "critic": Player(self.critic, lazy_rate(d), lazy_adam(d)),
            "mapping": Player(self.mapping, 0.01 * lazy_rate(g), lazy_adam(g)),
            "synthesis": Player(self.synthesis, lazy_rate(g), lazy_adam(g)),
        }

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        images = 2 * batch.x - 1
        loss = F.softplus(-self.judge(self.synthesis(self.styles(len(images))))).mean()
        yield Losses({"mapping": loss, "synthesis": loss})
        if step % self.path_every == 0:
            length, spread = self.path_length(self.styles(len(images) // 2))
            loss = self.path_every * self.path * spread
            yield Losses({"mapping": loss, "synthesis": loss}, {"path": length})
        with torch.no_grad():
            made = self.synthesis(self.styles(len(images)))
        logits = self.judge(images)
        self.signs += logits.detach().sign().mean()
        yield Losses({"critic": F.softplus(-logits).mean() + F.softplus(self.judge(made)).mean()})
        if step % self.r1_every == 0:
            penalty = self.penalty(images)
            yield Losses({"critic": self.r1_every * self.r1 / 2 * penalty}, {"r1": penalty})
            self.adapt()
        self.average.follow(self.both())  # after the last move

    def styles(self, n: int) -> Tensor:
        w = self.mapping(torch.randn(n, STYLES)).float()
        other = self.mapping(torch.randn(n, STYLES)).float() if torch.rand(()) < self.mixing else w
        return torch.stack([w, other], 1)

    def judge(self, x: Tensor) -> Tensor:
        return self.critic(self.augmented(x)).float()

    def augmented(self, x: Tensor) -> Tensor:
        """Flipped and brightened, each with the probability that ADA has come to."""
        flip, bright = ((torch.rand(len(x), 1, 1, 1) < self.augment).to(x.dtype) for _ in range(2))
        x = flip * x.flip(3) + (1 - flip) * x
        return x + bright * 0.3 * torch.randn(len(x), 1, 1, 1)

    def path_length(self, ws: Tensor) -> tuple[Tensor, Tensor]:
        """Mean length of the image's gradient in the style, and its mean square distance from the running mean."""
        image = self.synthesis(ws)
        noise = torch.randn_like(image) / math.sqrt(image[0, 0].numel())
        (jacobian,) = torch.autograd.grad((image * noise).sum(), ws, create_graph=True)
        length = jacobian.float().square().sum(2).mean(1).sqrt()
        mean = self.path_mean.lerp(length.mean(), 0.01)
        self.path_mean.copy_(mean.detach())
        return length.mean(), (length - mean).square().mean()

    def penalty(self, images: Tensor) -> Tensor:
        x = images.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(self.judge(x).sum(), x, create_graph=True)
        return gradient.float().square().flatten(1).sum(1).mean()

    def adapt(self) -> None:
        step = (self.signs / self.r1_every - self.target).sign() * self.speed
        self.augment.add_(step).clamp_(0, 1)
        self.signs.zero_()

    def decode(self, z: Tensor) -> Tensor:
        return (self.average.module[1](z[:, None].expand(-1, 2, -1), constant=True) + 1) / 2

    def sample_prior(self, n: int) -> Tensor:
        return self.average.module[0](torch.randn(n, STYLES))


def lazy_rate(every: int) -> float:
    """Adam's rate where a penalty comes every `every` steps, as a move of its own."""
    return 2e-3 * every / (every + 1)


def lazy_adam(every: int) -> Callable[..., torch.optim.Optimizer]:
    return partial(torch.optim.Adam, betas=(0.0, 0.99 ** (every / (every + 1))))
