"""What is proved of every method: its gradients, its moves, its state, and the code that its images and samples share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unweave.blocks import as_blocks
from unweave.methods.base import Method, NotAvailable
from unweave.training.loop import Training


class Audited(Training):
    """The loop under audit, turn by turn.

    Before a turn, each player's loss is differentiated alone, over its own parameters. Then the gradient that its
    optimiser is given has to be that one, bit for bit, and nothing that no player of the turn owns may move.

    moved: names of the parameters that have moved. turns: the players of each turn. history: the terms of each step.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.moved: set[str] = set()
        self.turns: list[tuple[str, ...]] = []
        self.history: list[dict[str, Tensor]] = []

    def advance(self) -> dict[str, Tensor]:
        self.history.append(super().advance())
        return self.history[-1]

    def _move(self, losses: dict[str, Tensor]) -> None:
        self.turns.append(tuple(losses))
        self.alone = {
            name: torch.autograd.grad(
                loss, self.weights[name], retain_graph=True, allow_unused=True
            )
            for name, loss in losses.items()
        }
        before = {name: value.clone() for name, value in self.method.state_dict().items()}
        super()._move(losses)
        owned = {id(w) for name in losses for w in self.weights[name]}
        theirs = {
            name
            for name, w in self.method.named_parameters(remove_duplicate=False)
            if id(w) in owned
        }
        now = self.method.state_dict()
        moved = {name for name, value in before.items() if not torch.equal(value, now[name])}
        assert moved <= theirs, f"{sorted(moved - theirs)} moved in the turn of {list(losses)}"
        self.moved |= moved

    def _step(self, name: str) -> None:
        for weight, expected in zip(self.weights[name], self.alone[name], strict=True):
            given = weight.grad
            assert (given is None) == (expected is None), (
                f"{name}: a gradient is missing, or there is one too many"
            )
            if given is not None and given.is_sparse:
                given = given.to_dense()
                expected = expected.to_dense()
            assert given is None or torch.equal(given, expected), (
                f"{name}: not the gradient of its own loss"
            )
        super()._step(name)

    def owned(self, players: set[str]) -> set[str]:
        """Names of the parameters that these players own."""
        ids = {id(w) for name in players for w in self.weights[name]}
        return {name for name, w in self.method.named_parameters() if id(w) in ids}


def state(training: Training) -> dict[str, Tensor]:
    """All that training changes: weights, buffers and optimiser slots that are tensors, by name."""
    found = {
        f"weights/{name}": value.clone() for name, value in training.method.state_dict().items()
    }
    for player, optimiser in training.optimisers.items():
        for i, slots in optimiser.state_dict()["state"].items():
            found |= {
                f"{player}/{i}/{slot}": value.clone()
                for slot, value in slots.items()
                if isinstance(value, Tensor)
            }
    return found


def differences(a: dict[str, Tensor], b: dict[str, Tensor]) -> list[str]:
    """Names that only one has, or whose tensors are not equal bit for bit."""
    return sorted(
        k for k in a.keys() | b.keys() if k not in a or k not in b or not torch.equal(a[k], b[k])
    )


def attempt(what: Callable[[], Any]) -> Any:
    """The result, or None where the method says, in words, that it cannot."""
    reason = ""
    try:
        return what()
    except NotAvailable as error:
        reason = str(error)
    assert len(reason) > 10, "NotAvailable gives no reason"
    return None


@torch.no_grad()
def check_code(method: Method, x: Tensor) -> None:
    """encode, decode, sample_prior and blocks speak of one code: (n, D), equal each time, images in [0, 1]."""
    method.eval()
    n = len(x)
    q, prior = attempt(lambda: method.encode(x)), attempt(lambda: method.sample_prior(n))
    codes = prior if q is None else q.mean
    assert codes is not None, "a method has an encoder or a prior"
    assert codes.ndim == 2
    assert len(codes) == n
    assert codes.dtype == torch.float32
    if q is not None:
        assert torch.equal(method.encode(x).mean, q.mean), "equal images have equal posteriors"
        assert q.log_var is None or q.log_var.shape == q.mean.shape
    if prior is not None:
        assert prior.shape == codes.shape, (
            f"the prior gives {tuple(prior.shape)}, encode {tuple(codes.shape)}"
        )
    columns = sorted(
        i for block in as_blocks(method.blocks).values() for i in block.places(codes.shape[1])
    )
    assert columns == list(range(codes.shape[1])), (
        f"the blocks {method.blocks} are not the columns of {codes.shape}"
    )
    check_images(method, codes, x)


def check_images(method: Method, codes: Tensor, x: Tensor) -> None:
    images = attempt(lambda: method.decode(codes))
    if images is None:
        return
    assert images.shape == x.shape
    assert torch.equal(images, method.decode(codes)), "equal codes give equal images"
    if x.ndim == 4:
        assert 0 <= float(images.min()) <= float(images.max()) <= 1
