"""The loop: one batch and as many turns as the method yields, step by step. Everything random is a function of (seed, step).

Each step seeds torch's default generators; `fit`, which takes the steps of a run, puts the caller's back.

training = Training(method, stream, seed=0)
for terms in training.until(1000):   # terms: {name: scalar tensor} of one step
    ...
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unweave.generators import reseed
from unweave.methods.base import Method, Player
from unweave.training import joint, turns
from unweave.training.gradients import clip, laid_out
from unweave.training.kept import Kept
from unweave.training.ranks import noise
from unweave.training.term_means import Means
from unweave.types import NATS, Batch, Losses

Stream = Callable[[int], Batch]


class NotFinite(RuntimeError):
    """A loss became NaN or infinite; says at which step and in which term. The weights are those before that step."""


class Training:
    """A run in progress: weights, one optimiser per player, the step; `means` of the terms since a record, their `units`.

    method: on the device it trains on. stream: step -> Batch on that device, a pure function. seed: of the noise.
    dtype: torch.bfloat16 for autocast. Raises ValueError if a parameter that requires a gradient has no owner, or one
    that a player owns is not in the method.
    """

    def __init__(self, method: Method, stream: Stream, *, seed: int = 0, dtype: torch.dtype = torch.float32):
        self.method, self.stream, self.seed, self.step = method, stream, seed, 0
        joint.start(method)
        self.kept = Kept(method)
        self.kept.train()
        self.players = method.players()
        self.weights = {name: player.weights() for name, player in self.players.items()}
        if idle := [name for name, ws in self.weights.items() if not ws]:
            raise ValueError(
                f"{type(method).__name__}: player {idle[0]!r} owns no parameter that requires a gradient; name one in owns, "
                "or leave the player out"
            )
        self.optimisers = {name: _optimiser(player, self.weights[name]) for name, player in self.players.items()}
        self.skipped, self.skips_in_a_row = dict.fromkeys(self.players, 0), dict.fromkeys(self.players, 0)
        self.device = next((w.device for ws in self.weights.values() for w in ws), torch.device("cpu"))
        self.autocast = functools.partial(
            torch.autocast, self.device.type, torch.bfloat16, enabled=dtype is torch.bfloat16
        )
        self.means = Means()
        self.units: dict[str, str] = {}
        self._turns_seen: set[tuple[str, ...]] = set()
        owned = {id(w) for ws in self.weights.values() for w in ws}
        if orphans := [n for n, w in method.named_parameters() if w.requires_grad and id(w) not in owned]:
            raise ValueError(f"parameters that no player owns (freeze them or give them to one): {orphans[:5]}")
        held = {id(w) for w in method.parameters()}
        if strays := [name for name, ws in self.weights.items() if not all(id(w) in held for w in ws)]:
            raise ValueError(
                f"player {strays[0]!r} owns a parameter that is not in the method, which no run would keep"
            )

    def until(self, steps: int) -> Iterator[dict[str, Tensor]]:
        """Train up to step `steps`; yields the terms of each step after it was taken."""
        while self.step < steps:
            yield self.advance()

    def advance(self) -> dict[str, Tensor]:
        """Take one step. Returns its terms and each player's loss ("loss/NAME"), detached, on the device.

        What a later turn logs again has the number of its turn: "loss/NAME 2".
        """
        reseed(noise(self.seed, self.step), self.device)
        yielded = turns.begun(self.method, joint.part(self.stream(self.step)), self.step)
        terms: dict[str, Tensor] = {}
        while (turn := self._next(yielded)) is not None:
            now = joint.mean(self._logged(turn, terms))
            if self.device.type == "cpu":  # elsewhere this would wait for the device in every step
                self.check_finite(now)
            self.means.add(now)  # before the move: a term may be a parameter or a buffer itself
            self._move(turn.of)
            terms |= now
        if not terms:
            raise turns.nothing(self.method, self.step)
        joint.follow(self._changing())
        self.step += 1
        return terms

    def _changing(self) -> Iterator[Tensor]:
        """The buffers but those of frozen networks."""
        still = {id(buffer) for network in self.kept.frozen.values() for buffer in network.buffers()}
        yield from (buffer for buffer in self.method.buffers() if id(buffer) not in still)

    def check_finite(self, terms: dict[str, Tensor]) -> None:
        """Raise NotFinite naming the terms that are NaN or infinite."""
        if bad := [name for name, value in terms.items() if not math.isfinite(float(value))]:
            raise NotFinite(f"step {self.step}: {', '.join(bad)} is not finite")

    def _next(self, yielded: Iterator[Losses]) -> Losses | None:
        with self.autocast():  # one context per turn: casts are cached within it, and weights move between turns
            return turns.following(yielded, self.method, self.step)

    def _logged(self, turn: Losses, before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The terms and losses of a turn, by names that no turn of the step before it has."""
        found: dict[str, Tensor] = {}
        units = {term: turn.unit(term) for term in turn.terms} | {f"loss/{player}": NATS for player in turn.of}
        for name, value in (turn.terms | {f"loss/{player}": loss for player, loss in turn.of.items()}).items():
            numbered = (name if i == 1 else f"{name} {i}" for i in itertools.count(1))
            free = next(n for n in numbered if n not in before)
            found[free] = value.detach()
            self.units[free] = units[name]
        return found

    def _move(self, losses: dict[str, Tensor]) -> None:
        """Each named player takes one step down its own loss; all gradients are taken before anyone moves."""
        self._check_turn(tuple(losses))
        shared: dict[int, tuple[Tensor, list[str]]] = {}
        for name, loss in losses.items():  # one loss, one backward pass
            shared.setdefault(id(loss), (loss, []))[1].append(name)
        for left, (loss, names) in zip(reversed(range(len(shared))), shared.values(), strict=True):
            weights = [w for name in names for w in self.weights[name]]
            gradients = torch.autograd.grad(loss, weights, retain_graph=left > 0, allow_unused=True)
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.grad = laid_out(gradient, weight)
        joint.average([w for name in losses for w in self.weights[name]])
        for name in losses:
            self._step(name)

    def _step(self, name: str) -> None:
        player, optimiser, weights = self.players[name], self.optimisers[name], self.weights[name]
        gradients = [w.grad for w in weights if w.grad is not None]
        if not gradients:
            raise RuntimeError(f"the loss of player {name!r} does not depend on what it owns")
        if math.isfinite(min(player.clip, player.skip)):
            norm = torch.nn.utils.get_total_norm([g.coalesce().values() if g.is_sparse else g for g in gradients])
            if player.skip < math.inf and not norm < player.skip:
                self._skip(name, norm)
                return
            clip(weights, player.clip, norm)
        self.skips_in_a_row[name] = 0
        for group in optimiser.param_groups:
            group["lr"] = player.lr(self.step) if callable(player.lr) else player.lr
            if group.get("fused") and any(g.is_sparse for g in gradients):
                group["fused"] = None  # no fused kernel takes them: left to torch's choice
        optimiser.step()
        torch.autograd.graph.increment_version(weights)  # fused optimisers do not: stale values would pass unseen
        for weight in weights:
            weight.grad = None

    def _skip(self, name: str, norm: Tensor) -> None:
        self.skipped[name] += 1
        self.skips_in_a_row[name] += 1
        if self.skips_in_a_row[name] >= 100:
            raise NotFinite(
                f"step {self.step}: the gradient of player {name!r} was skipped 100 times in a row; "
                f"{type(self.method).__name__} skips norms that are not below {self.players[name].skip:g}, and the last "
                f"was {float(norm):g}"
            )

    def _check_turn(self, names: tuple[str, ...]) -> None:
        if names in self._turns_seen:
            return
        if unknown := [n for n in names if n not in self.players]:
            raise ValueError(f"no such player: {unknown}; there are {list(self.players)}")
        owned = [id(w) for n in names for w in self.weights[n]]
        if len(owned) != len(set(owned)):
            raise ValueError(f"the players {names} of one turn own a parameter together")
        self._turns_seen.add(names)


def _optimiser(player: Player, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    """The player's optimiser; lr is set each step.

    Fused where it can be (60 small tensors: a quarter of the time), unless the method has chosen otherwise.
    """
    make = player.optimiser
    keywords = inspect.signature(make).parameters
    undecided = all(k in keywords and keywords[k].default is None for k in ("fused", "foreach"))
    fusible = undecided and all(w.is_floating_point() and _dense(w) for w in weights)
    return make(weights, lr=1.0, fused=True) if fusible else make(weights, lr=1.0)


def _dense(weight: Tensor) -> bool:
    """Whether a weight fills its storage without gaps, in any order of axes; one whose shape is not known yet will."""
    return is_lazy(weight) or torch.empty_like(weight).stride() == weight.stride()
