"""The contract of a method: who learns, what each of them minimises, and how to use what was learned.

A *player* owns parameters and has an optimiser. A *turn* is one simultaneous move: every player named in it takes one
optimiser step down its own loss, over its own parameters and nothing else, all from the same point. A *step* is one
batch and as many turns as the method wants, one at least. `losses` is a generator of turns, and the loop moves the players
at each `yield`. So a method reads like the algorithm box of its paper, keeps what it drew for the next turn, and finds the
new weights after the `yield`:

    def losses(self, batch, step):
        fake = self.generator(self.sample_prior(len(batch.x)))
        yield Losses({"critic": softplus(-self.critic(batch.x)).mean() + softplus(self.critic(fake)).mean()})
        yield Losses({"generator": softplus(-self.critic(fake)).mean()})  # same images, the critic's new weights
        self.average.follow(self.generator)  # after the last move

Nobody writes zero_grad, backward, retain_graph, or a detach to keep one player's loss out of another's weights.
Six rules:

1. A value computed from weights that have moved since is stale: compute it again (autograd refuses to differentiate it).
2. Never yield inside a `with` block (no_grad, autocast, eval mode): it would stay open in the loop.
3. What changes in training is a player's parameter or a registered buffer; a plain attribute is lost on resume, and the
   first checkpoint refuses one that changed, but for caches, whose names begin with an underscore.
4. Randomness comes from torch's default generator, which the loop seeds from (seed, step), and from nowhere else.
5. Restart a network in place (load_state_dict of a fresh one), never by assignment: players hold its parameters.
6. A network without a trainable parameter that the constructor leaves in evaluation mode is frozen: it stays so, and out
   of checkpoints, so that the constructor has to bring the same one again: `nets.frozen.Frozen`. What follows another is
   an `Average`.

In several processes (`training.joint`) each has its rows of the batch and noise of its own, so that the turns of a step,
and what they log, may not depend on either. Gradients and logged terms are means over the processes before anyone moves;
buffers are the first process's after each step; a weight that is set in place has to be the same in all of them.

Constructor keywords are the configuration. A keyword named as a field of `DataInfo` is filled in from the data, and
`steps` with the length of the run; one that names a kind of part (encoder, regulariser, ...) takes a module; every other
is a setting, annotated with `Setting`, and has a name that is no option of `unweave.train` (seed, device, ...).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unweave.blocks import Block, as_blocks
from unweave.types import Batch, Losses, Posterior

NEEDS = ("images", "groups", "pairs", "triplets", "clips", "views", "classes")


@dataclass(frozen=True)
class Player:
    """Parameters and the optimiser that moves them.

    Players of one turn own different parameters. Players of different turns may own the same: a phase, a stage or a
    restarted critic is a player of its own, with its own optimiser state.

    owns: a module, a parameter, or a tuple of these; what requires no gradient is left out, and something has to be left.
    lr: a number, or a function of the step.
    optimiser: called with (parameters, lr=...); `partial(Adam, betas=(0.5, 0.999))` for other constants.
    clip: a longer gradient is scaled down to this norm.
    skip: a gradient of this norm or more, or one that is not finite, makes no move.
    """

    owns: nn.Module | nn.Parameter | tuple[nn.Module | nn.Parameter, ...]
    lr: float | Callable[[int], float] = 1e-4
    optimiser: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    clip: float = math.inf
    skip: float = math.inf

    def weights(self) -> list[nn.Parameter]:
        """The parameters owned, each once, in the order of registration."""
        things = self.owns if isinstance(self.owns, tuple) else (self.owns,)
        found = {id(w): w for t in things for w in ([t] if isinstance(t, nn.Parameter) else t.parameters())}
        return [w for w in found.values() if w.requires_grad]


class NotAvailable(RuntimeError):
    """The method cannot do this; the message says why."""


class Method(nn.Module):
    """Base of every method. Subclasses are final: what methods share is a function or a part, not a parent.

    encodes: "images", or "clips": then `encode` takes clips (B, M, C, H, W) of any length M, and its posterior is of one
        code for a clip, (B, D), or of one for each frame, (B, M, D), with what stands still repeated over M. `decode`
        takes such codes to clips.
    encode_is_costly: whether `encode` optimises a code for each image. Then the log says nothing of codes and no bound on
        held-out images, and a report looks at fewer.
    """

    encodes = "images"
    encode_is_costly = False

    @property
    def needs(self) -> frozenset[str]:
        """The batch this method trains on: one of `NEEDS`, and "labels" for a labelled batch beside it."""
        return frozenset({"images"})

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """What each part must be told, e.g. {"encoder": {"outputs": 2 * known["latents"]}}; known: facts and settings."""
        return {}

    def players(self) -> dict[str, Player]:
        """Who learns. Asked once, before the first step. Every parameter has an owner or requires no gradient."""
        return {"model": Player(self)}

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        """Yield the turns of one step."""
        raise NotImplementedError

    def encode(self, x: Tensor) -> Posterior:
        """Images (B, C, H, W) in [0, 1] to the posterior of their codes (B, D), float32."""
        raise NotAvailable(f"{type(self).__name__} has no encoder")

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, D), as `encode` and `sample_prior` give them, to images in [0, 1], or vectors in the range of the data.

        Equal codes give equal images.
        """
        raise NotAvailable(f"{type(self).__name__} makes no images")

    def sample_prior(self, n: int) -> Tensor:
        """`n` codes (n, D) from the prior, ready for `decode`."""
        raise NotAvailable(f"{type(self).__name__} has no prior")

    def elbo(self, x: Tensor) -> Tensor:
        """A lower bound of log p(x), (B,), in nats per image, higher is better; one sample of the code for each image."""
        raise NotAvailable(f"{type(self).__name__} gives no bound of log p(x)")

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        """What the columns of a code are, e.g. {"content": slice(0, 8), "map": Block(slice(8, 136), shape=(8, 4, 4))}.

        A `Block` says whether its columns are Gaussian, one-hot, points or noise, their shape, and whether they are
        scored. A plain slice is Gaussian, but for two names: "class" is a one-hot (its argmax is the predicted class);
        "noise" is not inferred (encode gives 0) and not scored. Readers call `unweave.blocks.as_blocks`.
        """
        return {"code": slice(None)}

    def class_codes(self, y: Tensor) -> Tensor:
        """What the block "class" holds for classes (B,), (B, columns): one-hots, unless the method learns others.

        A method whose classes are embeddings looks them up here.
        """
        block = as_blocks(self.blocks).get("class")
        if block is None or block.kind != "one-hot":
            raise NotAvailable(f"the codes of {type(self).__name__} have no block for the class")
        return nn.functional.one_hot(y, block.columns.stop - (block.columns.start or 0)).float()

    @property
    def classes_named(self) -> bool:
        """Whether column k of the block "class" stands for class k, as labels said in training; else for any class."""
        return False


class Part(nn.Module):
    """A replaceable part of a method: a module that may add players, needs, and what it must be told.

    stochastic: whether it is defined only for codes that have a variance.
    """

    stochastic = False

    @property
    def needs(self) -> frozenset[str]:
        """What the part adds to its method's needs."""
        return frozenset()

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """As of a method: what the part's own parts must be told."""
        return {}

    def players(self) -> dict[str, Player]:
        """The players this part adds; what they own does not belong to "model"."""
        return {}

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        """As of a method: what the columns of a code become through this part."""
        return {"code": slice(None)}
