"""The log has the unit of each player's loss, as its method states it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import Tensor, nn

from unweave.methods.base import Method, Player
from unweave.methods.lord import Lord
from unweave.methods.vae_gan import VAEGAN
from unweave.training.loop import Training
from unweave.types import NATS, Batch, Losses


class Pair(Method):
    """Two players, each with the square of its own weight as its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))
        self.two = nn.Parameter(torch.ones(()))

    def players(self) -> dict[str, Player]:
        return {"one": Player(self.one), "two": Player(self.two)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        yield Losses({"one": self.one.square(), "two": self.two.square()})


class Pixels(Pair):
    loss_unit = "distance of pixels"


class Mixed(Pair):
    loss_unit: str | Mapping[str, str] = {"two": "share"}


@pytest.mark.parametrize(
    ("made", "one", "two"),
    [
        (Pair, NATS, NATS),
        (Pixels, "distance of pixels", "distance of pixels"),
        (Mixed, NATS, "share"),
    ],
)
def test_the_unit_of_each_players_loss(made: type[Pair], one: str, two: str) -> None:
    x: Tensor = torch.zeros(1, 1, 2, 2)
    training = Training(made(), lambda step: Batch(x))
    training.advance()
    assert training.units == {"loss/one": one, "loss/two": two}


def test_methods_whose_losses_are_distances_of_images_say_so() -> None:
    assert Lord.loss_unit == "distance of images"
    assert VAEGAN.loss_unit == {"model": "squared difference of pixels"}
