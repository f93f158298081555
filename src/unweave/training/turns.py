"""Checks of the turns that `losses` yields. Errors name the class, the step and the rule.

An error that is raised inside `losses` goes on as it is, with a note of the class and the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from unweave.methods.base import Method
from unweave.text import kind
from unweave.types import Batch, Losses


class NoTurn(TypeError, ValueError):
    """A method yielded or returned something that is no turn; the message describes both."""


def begun(method: Method, batch: Batch, step: int) -> Iterator[Losses]:
    """The iterator of the turns of a step. NoTurn if `losses` is not a generator."""
    try:
        turns: Any = method.losses(batch, step)
    except Exception as error:
        error.add_note(_place(method, step))
        raise
    if not isinstance(turns, Iterator):
        raise _fault(method, step, _returned(turns))
    return turns


def following(turns: Iterator[Losses], method: Method, step: int) -> Losses | None:
    """The next turn, None after the last. NoTurn if it is none, or was yielded inside no_grad."""
    try:
        turn = next(turns)
    except StopIteration as end:
        if end.value is not None:
            raise _fault(method, step, _returned(end.value)) from None
        return None
    except Exception as error:
        error.add_note(_place(method, step))
        raise
    if not torch.is_grad_enabled():
        torch.set_grad_enabled(True)  # the no_grad block stays open while the traceback exists
        problem = "yielded inside torch.no_grad(): close the block before the yield"
        raise _fault(method, step, problem)
    if not isinstance(turn, Losses):
        raise _fault(method, step, f"yielded {kind(turn)}; a turn is Losses({{player: loss}})")
    for player, loss in turn.of.items():
        reason = _no_scalar(loss) or _no_gradient(loss)
        if reason:
            raise _fault(method, step, f"yielded a loss of player {player!r} that {reason}")
    for term, value in turn.terms.items():
        reason = _no_scalar(value)
        if reason:
            raise _fault(method, step, f"yielded a term {term!r} that {reason}")
    return turn


def nothing(method: Method, step: int) -> NoTurn:
    """The error for a step without turns."""
    return _fault(method, step, "yielded nothing; each step has a turn, Losses({player: loss})")


def inside_losses(error: Exception) -> TracebackType | None:
    """The traceback of an error from the first line of `losses` on; the whole of any other."""
    found = error.__traceback__
    called_here = None
    while found is not None:
        if found.tb_frame.f_globals.get("__name__") == __name__:
            called_here = found.tb_next
        found = found.tb_next
    return called_here or error.__traceback__


def _place(method: Method, step: int) -> str:
    return f"in {type(method).__name__}.losses, step {step}"


def _fault(method: Method, step: int, what: str) -> NoTurn:
    return NoTurn(f"step {step}: {type(method).__name__}.losses {what}")


def _returned(value: Any) -> str:
    return (
        f"returned {kind(value)}; it yields its turns: "
        "write yield Losses({player: loss}) in place of return"
    )


def _no_scalar(value: Any) -> str:
    """Why a value is no scalar tensor; "" if it is one."""
    if not isinstance(value, Tensor):
        return f"is {kind(value)}; it has to be a scalar tensor, without item() or float()"
    if value.ndim:
        return f"has shape {tuple(value.shape)}; it has to be a scalar, a mean over the images"
    return ""


def _no_gradient(loss: Tensor) -> str:
    """Why a loss cannot be minimised; "" if it can."""
    if loss.requires_grad:
        return ""
    return "requires no gradient; it was detached, or computed inside torch.no_grad()"
