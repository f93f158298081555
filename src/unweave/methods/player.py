"""Player of a method: the parameters that one optimiser updates, and how."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import torch
from torch import nn

from unweave.text import kind


@dataclass(frozen=True)
class Player:
    """Parameters and the optimiser that updates them.

    Players of one turn own different parameters. Players of different turns may own the same: a
    phase, a stage or a restarted critic is a player of its own, with its own optimiser state.

    owns: a module, a parameter, or a tuple of these; parameters without a gradient are left out. At
    least one has to remain.
    lr: a number, or a function of the step.
    optimiser: called with (parameters, lr=...); `partial(Adam, betas=(0.5, 0.999))` for other
    constants.
    clip: a longer gradient is scaled down to this norm.
    skip: a gradient of this norm or more, or one that is not finite, gives no update.
    """

    owns: nn.Module | nn.Parameter | tuple[nn.Module | nn.Parameter, ...]
    lr: float | Callable[[int], float] = 1e-4
    optimiser: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    clip: float = math.inf
    skip: float = math.inf

    def __post_init__(self) -> None:
        for thing in self._owned():
            if not isinstance(thing, nn.Module | nn.Parameter):
                raise ValueError(
                    f"a Player owns {kind(thing)}; expected a module, a parameter, or a tuple of "
                    "these, such as Player((self.encoder, self.decoder))"
                )
        if not (callable(self.lr) or isinstance(self.lr, Real)):
            raise ValueError(f"lr of a Player is {kind(self.lr)}; expected a number or a function")
        if not callable(self.optimiser):
            raise ValueError(
                f"optimiser of a Player is {kind(self.optimiser)}; "
                "expected a function or a class, such as torch.optim.Adam"
            )

    def lr_at(self, step: int) -> float:
        """The learning rate at a step."""
        if callable(self.lr):
            return self.lr(step)
        return self.lr

    def weights(self) -> list[nn.Parameter]:
        """The parameters owned, each once, in the order of registration."""
        found: dict[int, nn.Parameter] = {}
        for thing in self._owned():
            if isinstance(thing, nn.Parameter):
                found[id(thing)] = thing
            else:
                found.update((id(weight), weight) for weight in thing.parameters())
        return [weight for weight in found.values() if weight.requires_grad]

    def _owned(self) -> tuple[Any, ...]:
        if isinstance(self.owns, tuple):
            return self.owns
        return (self.owns,)


def players_of(owner: Any) -> dict[str, Player]:
    """The players of a method or a part. ValueError for anything but a dictionary of them."""
    players: Any = owner.players()
    name = f"{type(owner).__name__}.players()"
    if not isinstance(players, dict):
        raise ValueError(f"{name} gives {kind(players)}; expected a dictionary {{name: Player}}")
    for player, value in players.items():
        if not isinstance(value, Player):
            raise ValueError(f"{name} gives {kind(value)} for {player!r}; expected a Player")
    return players
