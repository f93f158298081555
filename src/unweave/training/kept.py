"""Checks that checkpoints have all changing state of a method, and find its frozen networks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin

from unweave.checksum import checksum
from unweave.nets.frozen import frozen

RULE = "what changes in training is a player's parameter or a registered buffer"
ABSENT = object()
PLAIN = (bool, int, float, complex, str, bytes, np.generic)  # immutable values


class Kept:
    """State of a method at the start of training, to compare with later.

    frozen: its frozen networks by name, which stay in evaluation mode. checksums: of their weights.
    """

    def __init__(self, method: nn.Module):
        self.method = method
        self.frozen = frozen(method)
        self.checksums: dict[str, str] = {}
        for name, network in self.frozen.items():
            self.checksums[name] = checksum(network.state_dict())
        self.parameters = dict(method.named_parameters(remove_duplicate=False))
        self.plain = dict(_plain(method))

    def train(self) -> None:
        """Set training mode for all but the frozen networks."""
        self.method.train()
        for network in self.frozen.values():
            network.eval()

    def still(self) -> dict[str, str]:
        """{frozen network: checksum} of those that are unchanged.

        One that has changed is a moving average of the method's own, which checkpoints keep.
        """
        found: dict[str, str] = {}
        for name, old in self.checksums.items():
            if checksum(self.frozen[name].state_dict()) == old:
                found[name] = old
        return found

    def check(self, step: int) -> None:
        """ValueError if a parameter was replaced, or a plain attribute changed: lost on resume.

        An attribute that was None or absent before counts as a cache at its first value; so does a
        tensor with a history, and any name that begins with an underscore.
        """
        now = dict(self.method.named_parameters(remove_duplicate=False))
        names = now | self.parameters
        replaced = [name for name in names if now.get(name) is not self.parameters.get(name)]
        if replaced:
            raise ValueError(
                f"step {step}: the parameter {replaced[0]!r} was made anew by assignment, and its player still holds the old "
                f"one: {RULE}; restart a network in place, by load_state_dict"
            )
        plain = dict(_plain(self.method))
        for name, value in plain.items():
            before = self.plain.get(name, ABSENT)
            if before is not ABSENT and not _same(before, value):
                raise ValueError(
                    f"step {step}: the attribute {name!r} changed, and would be lost on resume: {RULE}; "
                    "register_buffer keeps it, and what each step computes anew has a name that begins with _"
                )
        self.plain = plain | self.plain


def _plain(method: nn.Module) -> Iterator[tuple[str, Any]]:
    """(dotted name, snapshot) of attributes with data, other than parameters and buffers."""
    registered = {id(tensor) for tensor in (*method.parameters(), *method.buffers())}
    for path, module in method.named_modules():
        if isinstance(module, LazyModuleMixin):  # its shape is set in the first step
            continue
        # attributes that torch's older weight norms compute before each call
        derived = {getattr(hook, "name", "") for hook in module._forward_pre_hooks.values()}
        for name, value in vars(module).items():
            if name.startswith("_") or name == "training" or name in derived:
                continue
            seen = _snapshot(value, registered)
            if seen is not ABSENT:
                yield f"{path}.{name}".lstrip("."), seen


def _snapshot(value: Any, registered: set[int]) -> Any:
    """A copy of a value; ABSENT for None, for objects that are not data, and for registered or
    derived tensors.

    A tensor is not copied: its version counter shows whether it was written to.
    """
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Tensor):
        derived = value.grad_fn is not None or value.is_inference() or id(value) in registered
        return ABSENT if derived else (value, value._version)
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: _snapshot(v, registered) for key, v in value.items()}
    if isinstance(value, set | frozenset):
        return frozenset(value)
    if isinstance(value, list | tuple):
        return [_snapshot(v, registered) for v in value]
    return ABSENT


def _same(before: Any, now: Any) -> bool:
    """Whether two snapshots have equal values; NaN equals NaN."""
    if type(before) is not type(now):
        return False
    if isinstance(before, tuple):  # of a tensor
        old, version = before
        new, written = now
        if old is new:
            return bool(version == written)
        return bool(old._version == version and old.shape == new.shape and torch.equal(old, new.to(old)))
    if isinstance(before, np.ndarray):
        may_be_nan = before.dtype.kind in "fc"
        return bool(before.dtype == now.dtype and np.array_equal(before, now, equal_nan=may_be_nan))
    if isinstance(before, dict):
        return before.keys() == now.keys() and all(_same(v, now[key]) for key, v in before.items())
    if isinstance(before, list):
        return len(before) == len(now) and all(map(_same, before, now))
    return bool(before is now or before == now or before != before)  # the last: NaN
