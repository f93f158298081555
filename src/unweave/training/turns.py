"""What `losses` gives, looked at before anyone moves. A mistake is named with its class, the step and the rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from unweave.methods.base import Method
from unweave.types import Batch, Losses


class NoTurn(TypeError, ValueError):
    """A method gave the loop something that is no turn; says what, and what a turn is."""


def begun(method: Method, batch: Batch, step: int) -> Iterator[Losses]:
    """The turns of a step, none of them taken. NoTurn if `losses` returned in place of yielding."""
    turns: Any = method.losses(batch, step)
    if not isinstance(turns, Iterator):
        raise _fault(method, step, _returned(turns))
    return turns


def following(turns: Iterator[Losses], method: Method, step: int) -> Losses | None:
    """The next turn, None after the last. NoTurn if it is none; RuntimeError if it was yielded inside no_grad."""
    try:
        turn = next(turns)
    except StopIteration as end:
        if end.value is not None:
            raise _fault(method, step, _returned(end.value)) from None
        return None
    if not torch.is_grad_enabled():
        torch.set_grad_enabled(True)  # the block stays open for as long as the error is kept
        raise RuntimeError("losses() yielded inside torch.no_grad(): close the block before the yield")
    if not isinstance(turn, Losses):
        raise _fault(method, step, f"yielded {_kind(turn)}; a turn is Losses({{player: loss}})")
    for player, loss in turn.of.items():
        if reason := _no_scalar(loss) or _no_gradient(loss):
            raise _fault(method, step, f"yielded a loss of player {player!r} that {reason}")
    for term, value in turn.terms.items():
        if reason := _no_scalar(value):
            raise _fault(method, step, f"yielded a term {term!r} that {reason}")
    return turn


def nothing(method: Method, step: int) -> NoTurn:
    """The error of a step in which nobody moved."""
    return _fault(method, step, "yielded nothing; each step has a turn, Losses({player: loss})")


def _fault(method: Method, step: int, what: str) -> NoTurn:
    return NoTurn(f"step {step}: {type(method).__name__}.losses {what}")


def _returned(value: Any) -> str:
    return f"returned {_kind(value)}; it yields its turns: write yield Losses({{player: loss}}) in place of return"


def _no_scalar(value: Any) -> str:
    """Why a value is no scalar tensor; "" if it is one."""
    if not isinstance(value, Tensor):
        return f"is {_kind(value)}; it has to be a scalar tensor, without item() or float()"
    return f"has shape {tuple(value.shape)}; it has to be a scalar, a mean over the images" if value.ndim else ""


def _no_gradient(loss: Tensor) -> str:
    return "" if loss.requires_grad else "requires no gradient; it was detached, or computed inside torch.no_grad()"


def _kind(value: Any) -> str:
    name = "None" if value is None else type(value).__name__
    return name if value is None else f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
