"""What a checkpoint keeps of a method, watched from the start of a training: what it need not, and what it cannot."""

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
PLAIN = (bool, int, float, complex, str, bytes, np.generic)


class Kept:
    """A method as a training finds it. frozen: its frozen networks by name; they are left in evaluation mode."""

    def __init__(self, method: nn.Module):
        self.method, self.frozen = method, frozen(method)
        self.checksums = {name: checksum(network.state_dict()) for name, network in self.frozen.items()}
        self.parameters = dict(method.named_parameters(remove_duplicate=False))
        self.plain = dict(_plain(method))

    def train(self) -> None:
        """Training mode for all but the frozen networks."""
        self.method.train()
        for network in self.frozen.values():
            network.eval()

    def still(self) -> dict[str, str]:
        """{frozen network: checksum} of those that have not changed; one that has is an average of somebody's own."""
        return {name: old for name, old in self.checksums.items() if checksum(self.frozen[name].state_dict()) == old}

    def check(self, step: int) -> None:
        """ValueError if a parameter was made anew, or a plain attribute has changed: neither survives a resume.

        What was None or absent before is taken for a cache, once; so is a tensor with a history, and any name that
        begins with an underscore.
        """
        now = dict(self.method.named_parameters(remove_duplicate=False))
        if made := [name for name in now | self.parameters if now.get(name) is not self.parameters.get(name)]:
            raise ValueError(
                f"step {step}: the parameter {made[0]!r} was made anew by assignment, and its player still holds the old "
                f"one: {RULE}; restart a network in place, by load_state_dict"
            )
        plain = dict(_plain(self.method))
        for name, value in plain.items():
            if (before := self.plain.get(name, ABSENT)) is not ABSENT and not _same(before, value):
                raise ValueError(
                    f"step {step}: the attribute {name!r} changed, and would be lost on resume: {RULE}; "
                    "register_buffer keeps it, and what each step computes anew has a name that begins with _"
                )
        self.plain = plain | self.plain


def _plain(method: nn.Module) -> Iterator[tuple[str, Any]]:
    """(dotted name, snapshot) of every attribute that holds data, outside of parameters and buffers."""
    registered = {id(tensor) for tensor in (*method.parameters(), *method.buffers())}
    for path, module in method.named_modules():
        if isinstance(module, LazyModuleMixin):  # it learns its own shape in the first step
            continue
        derived = {getattr(hook, "name", "") for hook in module._forward_pre_hooks.values()}  # by torch's older norms
        for name, value in vars(module).items():
            seen = _snapshot(value, registered)
            if not name.startswith("_") and name != "training" and name not in derived and seen is not ABSENT:
                yield f"{path}.{name}".lstrip("."), seen


def _snapshot(value: Any, registered: set[int]) -> Any:
    """A value that later changes do not reach; ABSENT for None, what is no data, and tensors that are kept or derived.

    A tensor is not copied: its version tells whether it was written to.
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
    if type(before) is not type(now):
        return False
    if isinstance(before, tuple):  # of a tensor
        (old, version), (new, written) = before, now
        if old is new:
            return bool(version == written)
        return bool(old._version == version and old.shape == new.shape and torch.equal(old, new.to(old)))
    if isinstance(before, np.ndarray):
        return bool(before.dtype == now.dtype and np.array_equal(before, now, equal_nan=before.dtype.kind in "fc"))
    if isinstance(before, dict):
        return before.keys() == now.keys() and all(_same(v, now[key]) for key, v in before.items())
    if isinstance(before, list):
        return len(before) == len(now) and all(map(_same, before, now))
    return bool(before is now or before == now or before != before)  # the last: NaN
