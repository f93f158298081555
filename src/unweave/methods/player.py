"""Player of a method: the parameters that one optimiser updates, and how."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn


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

    def lr_at(self, step: int) -> float:
        """The learning rate at a step."""
        if callable(self.lr):
            return self.lr(step)
        return self.lr

    def weights(self) -> list[nn.Parameter]:
        """The parameters owned, each once, in the order of registration."""
        owned = self.owns
        if not isinstance(owned, tuple):
            owned = (owned,)
        found: dict[int, nn.Parameter] = {}
        for thing in owned:
            if isinstance(thing, nn.Parameter):
                found[id(thing)] = thing
            else:
                found.update((id(weight), weight) for weight in thing.parameters())
        return [weight for weight in found.values() if weight.requires_grad]
