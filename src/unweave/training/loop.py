"""The training loop: one batch and the turns of the method for each step, seeded by (seed, step).

Each step seeds torch's default generators; `fit`, which runs the steps of a run, restores the
caller's.

training = Training(method, stream, seed=0)
for terms in training.until(1000):   # terms: {name: scalar tensor} of one step
    ...
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from unweave.methods.base import Method
from unweave.methods.player import players_of
from unweave.seeds.generators import drawing, reseed
from unweave.training import joint, turns
from unweave.training.gradients import clip, entries, laid_out
from unweave.training.kept import Kept
from unweave.training.optimisers import optimiser_of
from unweave.training.owners import check_owners, check_turn, weights_of
from unweave.training.ranks import noise
from unweave.training.term_means import Means
from unweave.types import Batch, Losses

Stream = Callable[[int], Batch]


class NotFinite(RuntimeError):
    """A loss became NaN or infinite.

    The message has the step and the term; the weights are those before the step.
    """


class Training:
    """A training in progress: weights, optimisers of the players, step, means of logged terms.

    method: on the device it trains on. stream: step -> Batch on that device, a pure function. seed:
    of the noise.
    dtype: torch.bfloat16 for autocast. means: of the terms since the last record. units: of the
    terms. ValueError if a parameter that requires a gradient has no owner, a player owns none, or a
    parameter that a player owns is not in the method.
    """

    def __init__(
        self, method: Method, stream: Stream, *, seed: int = 0, dtype: torch.dtype = torch.float32
    ):
        self.method = method
        self.stream = stream
        self.seed = seed
        self.step = 0
        joint.start(method)
        self.kept = Kept(method)
        self.kept.train()
        self.players = players_of(method)
        self.weights = weights_of(method, self.players)
        self.optimisers = {
            name: optimiser_of(player, self.weights[name]) for name, player in self.players.items()
        }
        self.kept.watch(self.optimisers)
        self.skipped = dict.fromkeys(self.players, 0)
        self.skips_in_a_row = dict.fromkeys(self.players, 0)
        devices = (weight.device for own in self.weights.values() for weight in own)
        self.device = next(devices, torch.device("cpu"))
        self.autocast = functools.partial(
            torch.autocast, self.device.type, torch.bfloat16, enabled=dtype is torch.bfloat16
        )
        self.means = Means()
        self.units: dict[str, str] = {}
        self._turns_seen: set[tuple[str, ...]] = set()
        check_owners(method, self.weights)

    def until(self, steps: int) -> Iterator[dict[str, Tensor]]:
        """Train up to step `steps`; yields the terms of each step after it."""
        while self.step < steps:
            yield self.advance()

    def advance(self) -> dict[str, Tensor]:
        """Take one step. Returns its terms and the players' losses ("loss/NAME"), detached.

        A term that a later turn logs again has a number: "loss/NAME 2". Other threads wait with
        their draws from a seed.
        """
        with drawing:
            return self._advance()

    def _advance(self) -> dict[str, Tensor]:
        reseed(noise(self.seed, self.step), self.device)
        yielded = turns.begun(self.method, joint.part(self.stream(self.step)), self.step)
        terms: dict[str, Tensor] = {}
        # one turn: its losses, then the optimiser steps of its players
        while (turn := self._next(yielded)) is not None:
            now = joint.mean(self._logged(turn, terms))
            # elsewhere the check would wait for the device in every step
            if self.device.type == "cpu":
                self.check_finite(now)
            self.means.add(now)  # before the update: a term may be a parameter or a buffer itself
            self._move(turn.of)
            terms |= now
        if not terms:
            raise turns.nothing(self.method, self.step)
        joint.follow(self._changing())
        self.step += 1
        return terms

    def _changing(self) -> Iterator[Tensor]:
        """The buffers, without those of frozen networks."""
        networks = self.kept.frozen.values()
        frozen = {id(buffer) for network in networks for buffer in network.buffers()}
        for buffer in self.method.buffers():
            if id(buffer) not in frozen:
                yield buffer

    def check_finite(self, terms: dict[str, Tensor]) -> None:
        """Raise NotFinite naming the terms that are NaN or infinite."""
        bad = [name for name, value in terms.items() if not math.isfinite(float(value))]
        if bad:
            raise NotFinite(f"step {self.step}: {', '.join(bad)} is not finite")

    def _next(self, yielded: Iterator[Losses]) -> Losses | None:
        # one context per turn: casts are cached within it, and weights change between turns
        with self.autocast():
            return turns.following(yielded, self.method, self.step)

    def _logged(self, turn: Losses, before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The terms and losses of a turn, by names that no earlier turn of the step has."""
        values = dict(turn.terms)
        units = {term: turn.unit(term) for term in turn.terms}
        for player, loss in turn.of.items():
            values[f"loss/{player}"] = loss
            units[f"loss/{player}"] = self.method.unit_of_loss(player)
        found: dict[str, Tensor] = {}
        for name, value in values.items():
            free = name
            number = 1
            while free in before:
                number += 1
                free = f"{name} {number}"
            found[free] = value.detach()
            self.units[free] = units[name]
        return found

    def _move(self, losses: dict[str, Tensor]) -> None:
        """One optimiser step of each named player on its own loss, all gradients taken before."""
        self._check_turn(tuple(losses))
        # players with the same loss share one backward pass
        shared: dict[int, tuple[Tensor, list[str]]] = {}
        for name, loss in losses.items():
            shared.setdefault(id(loss), (loss, []))[1].append(name)
        for i, (loss, names) in enumerate(shared.values(), 1):
            weights = [w for name in names for w in self.weights[name]]
            more = i < len(shared)  # the losses may share a graph
            gradients = torch.autograd.grad(loss, weights, retain_graph=more, allow_unused=True)
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.grad = laid_out(gradient, weight)
        # the gradients of all processes, then one step for each player
        joint.average([w for name in losses for w in self.weights[name]])
        for name in losses:
            self._step(name)

    def _step(self, name: str) -> None:
        """Clip or skip the gradients of a player, then take its optimiser step."""
        player = self.players[name]
        optimiser = self.optimisers[name]
        weights = self.weights[name]
        gradients = [w.grad for w in weights if w.grad is not None]
        if not gradients:
            raise ValueError(
                f"step {self.step}: {type(self.method).__name__}.losses: the loss of player {name!r} "
                "does not depend on what it owns; nothing between them may be detached"
            )
        if math.isfinite(min(player.clip, player.skip)):
            norm = torch.nn.utils.get_total_norm([entries(gradient) for gradient in gradients])
            if player.skip < math.inf and not norm < player.skip:  # true of NaN too
                self._skip(name, norm)
                return
            clip(weights, player.clip, norm)
        self.skips_in_a_row[name] = 0
        for group in optimiser.param_groups:
            group["lr"] = player.lr_at(self.step)
            if group.get("fused") and any(g.is_sparse for g in gradients):
                group["fused"] = None  # fused kernels take no sparse gradients
        optimiser.step()
        # fused optimisers do not: autograd would not detect stale values
        torch.autograd.graph.increment_version(weights)
        for weight in weights:
            weight.grad = None

    def _skip(self, name: str, norm: Tensor) -> None:
        """Count a skipped step. NotFinite after 100 in a row."""
        self.skipped[name] += 1
        self.skips_in_a_row[name] += 1
        if self.skips_in_a_row[name] >= 100:
            raise NotFinite(
                f"step {self.step}: the gradient of player {name!r} was skipped "
                f"100 times in a row; {type(self.method).__name__} skips norms that are not below "
                f"{self.players[name].skip:g}, and the last was {float(norm):g}"
            )

    def _check_turn(self, names: tuple[str, ...]) -> None:
        """ValueError as of `owners.check_turn`, the first time that these players move together."""
        if names not in self._turns_seen:
            check_turn(self.method, names, self.weights, self.step)
            self._turns_seen.add(names)
