"""torch's default random generators of a device: list, seed, save and restore them.

Random numbers are drawn on the device of their tensor, so seeding the CPU's generator alone has no
effect on an accelerator, whose generator would also change for the caller. Seeds are made in
`seeds`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

# Held while a thread draws from a seed: the generators are shared by all threads. A fork waits for it, so that the child
# does not wait for a thread that it does not have.
drawing = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=drawing.acquire, after_in_parent=drawing.release, after_in_child=drawing.release
    )


def generators(device: torch.device | str) -> list[torch.Generator]:
    """Default generators of code with its weights on `device`: the CPU's, then the device's own.

    >>> len(generators("cpu")), len(generators("meta"))
    (1, 1)
    """
    device = torch.device(device)
    module: Any = getattr(torch, device.type, None)
    if device.type == "mps":
        return [torch.default_generator, torch.mps._get_default_mps_generator()]
    if not hasattr(module, "default_generators"):
        return [torch.default_generator]
    module.init()  # creates the generators
    index = module.current_device() if device.index is None else device.index
    return [torch.default_generator, module.default_generators[index]]


def reseed(seed: int, device: torch.device | str) -> None:
    """Seed the generators of a device only; torch.manual_seed takes a hundred times as long."""
    for generator in generators(device):
        generator.manual_seed(seed)


@contextmanager
def left_alone(device: torch.device | str) -> Iterator[None]:
    """Context that restores the generators of a device at its end, also after an error."""
    with _restored(generators(device)):
        yield


@contextmanager
def all_left_alone() -> Iterator[None]:
    """Context that restores the generators of every device that is in use, for code that may draw on any.

    Other threads wait with their own draws from a seed, such as the steps of a training.
    """
    used = [torch.default_generator]
    if torch.cuda.is_initialized():
        used += torch.cuda.default_generators
    with drawing, _restored(used):
        yield


@contextmanager
def seeded(seed: int, device: torch.device | str) -> Iterator[None]:
    """Context in which the generators of a device start from `seed`; they are restored at its end.

    Other threads wait with their own draws from a seed.
    """
    with drawing, left_alone(device):
        reseed(seed, device)
        yield


@contextmanager
def _restored(used: Iterable[torch.Generator]) -> Iterator[None]:
    with drawing:  # not in the middle of what another thread draws
        before = [(generator, generator.get_state()) for generator in used]
    try:
        yield
    finally:
        with drawing:
            for generator, state in before:
                generator.set_state(state)
