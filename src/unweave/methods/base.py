"""The contract of a method: its players, their losses, and its interface after training.

A *player* owns parameters and has an optimiser. A *turn* is one simultaneous update: every player
named in it takes one optimiser step on its own loss and its own parameters, all gradients being
taken at the same weights. A *step* is one batch and one or more turns. `losses` is a generator of
turns, and the loop updates the players at each `yield`. So a method reads like the algorithm box of
its paper: its local variables last to the next turn, and after the `yield` the weights are updated:

    def losses(self, batch, step):
        fake = self.generator(self.sample_prior(len(batch.x)))
        real = softplus(-self.critic(batch.x)).mean()
        yield Losses({"critic": real + softplus(self.critic(fake)).mean()})
        # the same images, the critic's new weights
        yield Losses({"generator": softplus(-self.critic(fake)).mean()})
        self.average.follow(self.generator)  # after the last update

A method needs no zero_grad, backward or retain_graph, and no detach to keep the loss of one player
out of the weights of another. Six rules:

1. A value computed from weights that were updated since is stale: compute it again (autograd
   refuses to differentiate it).
2. Never yield inside a `with` block (no_grad, autocast, eval mode): it would stay open in the loop.
3. What changes in training is a player's parameter or a registered buffer; a plain attribute is
   lost on resume, and the first checkpoint refuses one that changed, but for caches, whose names
   begin with an underscore.
4. Randomness comes from torch's default generator, which the loop seeds from (seed, step), and from
   nowhere else.
5. Restart a network in place (load_state_dict of a fresh one), never by assignment: players
   refer to its parameters.
6. A network without a trainable parameter that the constructor leaves in evaluation mode is frozen:
   it stays in that mode and is not in checkpoints, so that the constructor has to build the same
   one again: `nets.frozen.Frozen`. A moving average of another network is an `Average`.

In distributed training (`training.joint`) each process has its own rows of the batch and its own
noise, so the turns of a step, and the names of what they log, may not depend on either. Gradients
and logged terms are averaged over the processes before the weights are updated; buffers are copied
from the first process after each step; a weight that is set in place has to be the same in all of
them.

Constructor keywords are the configuration. A keyword named as a field of `DataInfo` is filled in
from the data, and `steps` with the length of the run; one that names a kind of part (encoder,
regulariser, ...) takes a module; every other is a setting, annotated with `Setting`, and has a name
that is no option of `unweave.train` (seed, device, ...).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from unweave.blocks import Block, as_blocks
from unweave.methods.player import Player as Player
from unweave.types import NATS, Batch, Losses, Posterior

NEEDS = ("images", "groups", "pairs", "triplets", "clips", "views", "classes")


class NotAvailable(RuntimeError):
    """The method does not support this operation; the message gives the reason."""


class Method(nn.Module):
    """Base class of methods. Subclasses are final: methods share functions and parts, not parents.

    encodes: "images", or "clips": then `encode` takes clips (B, M, C, H, W) of any length M, and
        its posterior is of one code for a clip, (B, D), or of one for each frame, (B, M, D), with
        static columns repeated over M. `decode` takes such codes to clips.
    loss_unit: of the losses for the log and the report, one for all players or {player: unit}.
    encode_is_costly: whether `encode` optimises a code for each image. Then the log has no
        statistics of codes and no bound on held-out images, and a report uses fewer images.
    """

    encodes = "images"
    loss_unit: str | Mapping[str, str] = NATS
    encode_is_costly = False

    @property
    def needs(self) -> frozenset[str]:
        """Kinds of batches to train on: one of `NEEDS`, and "labels" for a labelled batch beside."""
        return frozenset({"images"})

    @property
    def labelled_factors(self) -> frozenset[str]:
        """Names of the factors of which some image has to have a label."""
        return frozenset()

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """Constructor arguments of each part, e.g. {"encoder": {"outputs": 2 * known["latents"]}}.

        known: facts of the data and settings, by name.
        """
        return {}

    def unit_of_loss(self, player: str) -> str:
        """The unit of a player's loss: nats where `loss_unit` does not name the player."""
        if isinstance(self.loss_unit, str):
            return self.loss_unit
        return self.loss_unit.get(player, NATS)

    def players(self) -> dict[str, Player]:
        """The players, by name. Called once, before the first step.

        Every parameter has an owner or requires no gradient.
        """
        return {"model": Player(self)}

    def check(self, batch: Batch) -> None:
        """ValueError for batches that the method cannot learn from, such as clips that are too short.

        Called with the first batch, before a run has a folder.
        """

    def losses(self, batch: Batch, step: int) -> Iterator[Losses]:
        """Yield the turns of one step."""
        raise NotImplementedError

    def encode(self, x: Tensor) -> Posterior:
        """Images (B, C, H, W) in [0, 1] to the posterior of their codes (B, D), float32."""
        raise NotAvailable(f"{type(self).__name__} has no encoder")

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, D) to images in [0, 1], or to vectors in the data's range.

        Codes are those of `encode` and `sample_prior`. Deterministic: equal codes give equal
        images.
        """
        raise NotAvailable(f"{type(self).__name__} makes no images")

    def sample_prior(self, n: int) -> Tensor:
        """`n` codes (n, D) from the prior, ready for `decode`.

        (n, M, D) for M frames each, where `decode` takes clips with a code for each frame. On the
        device of the weights where `losses` uses them.
        """
        raise NotAvailable(f"{type(self).__name__} has no prior")

    def elbo(self, x: Tensor) -> Tensor:
        """A lower bound of log p(x), (B,), in nats per image; higher is better.

        Estimated with one sample of the code for each image.
        """
        raise NotAvailable(f"{type(self).__name__} gives no bound of log p(x)")

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        """The blocks of columns of a code, by name.

        E.g. {"content": slice(0, 8), "map": Block(slice(8, 136), shape=(8, 4, 4))}.

        A `Block` states whether its columns are Gaussian, one-hot, points or noise, their shape,
        and whether they are scored. A plain slice is Gaussian, but for two names: "class" is a
        one-hot (its argmax is the predicted class); "noise" is not inferred (encode gives 0) and
        not scored. Readers call `unweave.blocks.as_blocks`.
        """
        return {"code": slice(None)}

    def class_codes(self, y: Tensor) -> Tensor:
        """Columns of the block "class" for classes y (B,): one-hots (B, columns).

        A method whose classes are learned embeddings overrides this.
        """
        block = as_blocks(self.blocks).get("class")
        if block is None or block.kind != "one-hot":
            raise NotAvailable(f"the codes of {type(self).__name__} have no block for the class")
        first = block.columns.start or 0
        return nn.functional.one_hot(y, block.columns.stop - first).float()

    @property
    def classes_named(self) -> bool:
        """Whether labels in training made column k of the block "class" mean class k.

        False where the columns may stand for the classes in any order.
        """
        return False


class Part(nn.Module):
    """Base class of a replaceable part of a method, which may add players, needs and blocks.

    stochastic: whether it is defined only for codes that have a variance.
    """

    stochastic = False

    @property
    def needs(self) -> frozenset[str]:
        """What the part adds to its method's needs."""
        return frozenset()

    @classmethod
    def part_arguments(cls, known: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """As `Method.part_arguments`: constructor arguments of the part's own parts."""
        return {}

    def players(self) -> dict[str, Player]:
        """The players that this part adds; their parameters do not belong to the player "model"."""
        return {}

    @property
    def blocks(self) -> Mapping[str, Block | slice]:
        """As `Method.blocks`: the blocks of a code that goes through this part."""
        return {"code": slice(None)}
