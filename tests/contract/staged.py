"""Toys of methods in stages: LORD (codes of every image, then an encoder that learns them) and DrNet (then a predictor)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from tests.contract.adversarial import GAN_ADAM
from tests.contract.toys import CLASSES, N, critic, decoder, encoder
from torch import Tensor, nn

from unweave.methods.base import Method, Player
from unweave.types import Batch, Losses, Posterior


def cosine(start: float, end: float, first: int, steps: int) -> Callable[[int], float]:
    """From `start` at step `first` down to `end`, `steps` later."""

    def rate(step: int) -> float:
        return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1, (step - first) / steps)))

    return rate


class LORD(Method):
    """A code for each image and each class, learned with the generator; from step `first` on, encoders of them.

    The generator is in a player of each stage, with an optimiser state of each.
    """

    content, klass, first = 4, 4, 4

    def __init__(self) -> None:
        super().__init__()
        self.contents, self.classes = (
            nn.Embedding(N, self.content),
            nn.Embedding(CLASSES, self.klass),
        )
        self.generator = decoder(self.content + self.klass)
        self.to_content, self.to_class = encoder(self.content), encoder(self.klass)

    def players(self) -> dict[str, Player]:
        second = (self.to_content, self.to_class, self.generator)
        return {
            "codes": Player(
                (self.contents, self.classes), cosine(3e-3, 1e-5, 0, self.first), GAN_ADAM
            ),
            "generator": Player(self.generator, cosine(3e-4, 1e-5, 0, self.first), GAN_ADAM),
            "amortised": Player(second, cosine(1e-4, 1e-5, self.first, self.first), GAN_ADAM),
        }

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        content, klass = self.contents(batch.index), self.classes(batch.y)
        if step < self.first:
            loss = (
                self.far(content + torch.randn_like(content), klass, batch.x)
                + 1e-3 * content.square().sum(1).mean()
            )
            yield Losses({"codes": loss, "generator": loss}, {"l1": loss})  # two players, one loss
            return
        guess, guess_class = self.to_content(batch.x), self.to_class(batch.x)
        near = F.mse_loss(guess.float(), content) + F.mse_loss(guess_class.float(), klass)
        yield Losses(
            {"amortised": self.far(guess, guess_class, batch.x) + 10 * near}, {"near": near}
        )

    def far(self, content: Tensor, klass: Tensor, x: Tensor) -> Tensor:
        return (self.decode(torch.cat([content, klass], 1)) - x).abs().flatten(1).sum(1).mean()

    @property
    def blocks(self) -> dict[str, slice]:
        return {"content": slice(0, self.content), "identity": slice(self.content, None)}

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(torch.cat([self.to_content(x), self.to_class(x)], 1).float())

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.generator(z).float())


class DrNet(Method):
    """Content and pose of a clip, a scene critic that may not tell clips by their poses; then an LSTM on the poses."""

    content, pose, first = 4, 2, 4

    def __init__(self) -> None:
        super().__init__()
        self.to_content, self.to_pose = encoder(self.content), encoder(self.pose)
        self.decoder, self.scene = decoder(self.content + self.pose), critic(2 * self.pose)
        self.lstm, self.out = (
            nn.LSTM(self.content + self.pose, 8, batch_first=True),
            nn.Linear(8, self.pose),
        )

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"clips"})

    def players(self) -> dict[str, Player]:
        return {
            "scene": Player(self.scene, 2e-3, GAN_ADAM),
            "model": Player((self.to_content, self.to_pose, self.decoder), 2e-3, GAN_ADAM),
            "predictor": Player((self.lstm, self.out), 2e-3, GAN_ADAM),
        }

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        if step >= self.first:
            yield Losses({"predictor": self.prediction(batch.x)})
            return
        frames = batch.x[:, torch.randperm(batch.x.shape[1])[:4]].unbind(1)
        c1, c2 = (self.to_content(x).float() for x in frames[:2])
        p1, p2 = (torch.tanh(self.to_pose(x).float()) for x in frames[2:])
        together, apart = torch.cat([p1, p2], 1), torch.cat([p1, p2.roll(1, 0)], 1)
        scene = F.softplus(-self.scene(together)).mean() + F.softplus(self.scene(apart)).mean()
        yield Losses({"scene": scene}, {"scene": scene})
        unsure = 0.5 * (F.softplus(-self.scene(together)) + F.softplus(self.scene(together))).mean()
        again = torch.sigmoid(self.decoder(torch.cat([c1, p2], 1)).float())
        reconstruction = (again - frames[3]).square().flatten(1).sum(1).mean()
        yield Losses(
            {"model": reconstruction + F.mse_loss(c1, c2) + 0.1 * unsure},
            {"reconstruction": reconstruction},
        )

    def prediction(self, x: Tensor) -> Tensor:
        """Error of each pose from the ones before it; the encoders belong to no player of this turn."""
        with torch.no_grad():
            pose = torch.tanh(self.to_pose(x.flatten(0, 1)).float()).unflatten(0, x.shape[:2])
            content = self.to_content(x[:, 0]).float()[:, None].expand(-1, x.shape[1] - 1, -1)
        with torch.autocast(
            pose.device.type, enabled=False
        ):  # oneDNN has no bfloat16 LSTM for CPUs before AVX-512
            hidden, _ = self.lstm(torch.cat([pose[:, :-1], content], 2).float())
        return F.mse_loss(torch.tanh(self.out(hidden).float()), pose[:, 1:])

    @property
    def blocks(self) -> dict[str, slice]:
        return {"content": slice(0, self.content), "pose": slice(self.content, None)}

    def encode(self, x: Tensor) -> Posterior:
        return Posterior(
            torch.cat([self.to_content(x).float(), torch.tanh(self.to_pose(x).float())], 1)
        )

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.decoder(z).float())
