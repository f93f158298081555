"""The step that the loop has to take: each player's backward() alone, then its optimiser in the plainest form torch has."""

from __future__ import annotations

import inspect

import torch
from torch import Tensor

from unweave.methods.base import Method, Player
from unweave.nets.bounded import Bounded
from unweave.seeds import fold
from unweave.training.loop import Stream, Training


def plain_step(
    method: Method, stream: Stream, *, seed: int, dtype: torch.dtype = torch.float32
) -> None:
    """Step 0 of a method that has not moved yet."""
    players = method.train().players()
    optimisers = {name: _optimiser(player) for name, player in players.items()}
    torch.default_generator.manual_seed(fold(seed, 0))
    turns = method.losses(stream(0), 0)
    while True:
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype is torch.bfloat16):
            turn = next(turns, None)
        if turn is None:
            return
        gradients = {
            name: _gradients(method, players[name], loss) for name, loss in turn.of.items()
        }
        for name, own in gradients.items():
            for weight, gradient in zip(players[name].weights(), own, strict=True):
                weight.grad = gradient
            optimisers[name].step()


def moves_apart(ours: Method, theirs: Method, start: Method) -> dict[str, float]:
    """{weight: distance of the two moves from `start`, as a share of theirs}, where it is above a hundredth.

    Without biases that a batch normalisation takes away again: their gradient is rounding, which Adam
    makes a step of full length.
    """
    taken_away = [
        list(bounded.encoder.parameters())[-1]
        for bounded in ours.modules()
        if isinstance(bounded, Bounded)
    ]
    first, expected = dict(start.named_parameters()), dict(theirs.named_parameters())
    apart = {}
    for name, weight in ours.named_parameters():
        if any(weight is bias for bias in taken_away):
            continue
        gap = (weight - expected[name]).norm() / (expected[name] - first[name]).norm().clamp(
            min=1e-12
        )
        apart[name] = float(gap.detach())
    return {name: gap for name, gap in apart.items() if not gap < 0.01}


def loop_step(
    method: Method, stream: Stream, *, seed: int, dtype: torch.dtype = torch.float32
) -> None:
    """Step 0 as the loop takes it."""
    Training(method, stream, seed=seed, dtype=dtype).advance()


def _gradients(method: Method, player: Player, loss: Tensor) -> list[Tensor | None]:
    weights = player.weights()
    for weight in method.parameters():
        weight.grad = None
    loss.backward(inputs=weights, retain_graph=True)
    return [weight.grad for weight in weights]


def _optimiser(player: Player) -> torch.optim.Optimizer:
    rate = player.lr(0) if callable(player.lr) else player.lr
    known = inspect.signature(player.optimiser).parameters
    plain = {
        name: False for name in ("fused", "foreach") if name in known
    }  # SparseAdam has one form only
    return player.optimiser(player.weights(), lr=rate, **plain)
