"""The optimiser of a player, fused where that is possible."""

from __future__ import annotations

import inspect

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unweave.methods.base import Player


def optimiser_of(player: Player, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    """The player's optimiser; its learning rate is set in each step.

    Fused where possible (for 60 small tensors a quarter of the time), unless the method chooses
    otherwise.
    """
    make = player.optimiser
    keywords = inspect.signature(make).parameters
    choices = [keywords.get(name) for name in ("fused", "foreach")]
    undecided = all(choice is not None and choice.default is None for choice in choices)
    if undecided and all(weight.is_floating_point() and _dense(weight) for weight in weights):
        return make(weights, lr=1.0, fused=True)
    return make(weights, lr=1.0)


def _dense(weight: Tensor) -> bool:
    """Whether a weight fills its storage without gaps, in any order of axes; a lazy weight will."""
    return is_lazy(weight) or torch.empty_like(weight).stride() == weight.stride()
