"""Checks that checkpoints hold all changing state of a method, and which networks are frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from unweave.nets.frozen import frozen
from unweave.training.checksum import checksum
from unweave.training.snapshots import ABSENT, GENERATORS, same, snapshot

RULE = "what changes in training is a player's parameter or a registered buffer"
# attributes of an optimiser that `pack` keeps, or its constructor
CHECKPOINTED = ("defaults", "state", "param_groups")


class Kept:
    """State of a method at the start of training, to compare with later.

    frozen: its frozen networks by name, which stay in evaluation mode. checksums: of their weights.
    """

    def __init__(self, method: nn.Module):
        self.method = method
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {}
        self.frozen = frozen(method)
        self.checksums: dict[str, str] = {}
        for name, network in self.frozen.items():
            self.checksums[name] = checksum(network.state_dict())
        self.parameters = dict(method.named_parameters(remove_duplicate=False))
        self.plain = dict(_plain(method))

    def watch(self, optimisers: Mapping[str, torch.optim.Optimizer]) -> None:
        """Check the attributes of the players' optimisers, too."""
        self.optimisers = optimisers
        self.plain |= dict(self._of_optimisers())

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
                f"step {step}: the parameter {replaced[0]!r} was made anew by assignment, "
                f"and its player still holds the old one: {RULE}; "
                "restart a network in place, by load_state_dict"
            )
        plain = dict(_plain(self.method)) | dict(self._of_optimisers())
        for name, value in plain.items():
            before = self.plain.get(name, ABSENT)
            if before is not ABSENT and not same(before, value):
                raise ValueError(
                    f"step {step}: the attribute {name!r} changed, and would be lost on resume: "
                    f"{self._rule(name)}; "
                    "what each step computes anew has a name that begins with _"
                )
        self.plain = plain | self.plain

    def _of_optimisers(self) -> Iterator[tuple[str, Any]]:
        """(dotted name, snapshot) of attributes of optimisers other than slots and groups."""
        for player, optimiser in self.optimisers.items():
            for name, value in vars(optimiser).items():
                if name.startswith("_") or name in CHECKPOINTED:
                    continue
                seen = snapshot(value, set())
                if seen is not ABSENT:
                    yield f"optimiser of {player}.{name}", seen

    def _rule(self, name: str) -> str:
        """What the attribute of this name should be instead."""
        if name.startswith("optimiser of "):
            return "an optimiser keeps its numbers in its state or in param_groups"
        if isinstance(attrgetter(name)(self.method), GENERATORS):
            return f"{RULE}; draw from torch (torch.rand, torch.randn_like), which each step seeds"
        return f"{RULE}; register_buffer keeps it"


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
            seen = snapshot(value, registered)
            if seen is not ABSENT:
                yield f"{path}.{name}".lstrip("."), seen
