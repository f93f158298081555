"""torch's default generators, from which methods draw: which ones a device has, seeded there, and put back as they were.

`seeds` says with what, this file where: a number is drawn on the device of its tensor, so a seed of the CPU's generator
alone is none for weights on an accelerator, whose generator would move on for the caller too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


def generators(device: torch.device | str) -> list[torch.Generator]:
    """The default generators that code with its weights on `device` draws from: the CPU's, then the device's own.

    >>> len(generators("cpu")), len(generators("meta"))
    (1, 1)
    """
    device = torch.device(device)
    module: Any = getattr(torch, device.type, None)
    if device.type == "mps":
        return [torch.default_generator, torch.mps._get_default_mps_generator()]
    if not hasattr(module, "default_generators"):
        return [torch.default_generator]
    module.init()  # before that, a device has no generator
    index = module.current_device() if device.index is None else device.index
    return [torch.default_generator, module.default_generators[index]]


def reseed(seed: int, device: torch.device | str) -> None:
    """Seed the generators of a device, and no others (torch.manual_seed costs a hundred times as much)."""
    for generator in generators(device):
        generator.manual_seed(seed)


@contextmanager
def left_alone(device: torch.device | str) -> Iterator[None]:
    """What is drawn on a device inside the block is not seen outside: its generators are put back, also after an error."""
    before = [(generator, generator.get_state()) for generator in generators(device)]
    try:
        yield
    finally:
        for generator, state in before:
            generator.set_state(state)


@contextmanager
def seeded(seed: int, device: torch.device | str) -> Iterator[None]:
    """Inside the block a device draws from `seed`; after it the caller's generators are where they were."""
    with left_alone(device):
        reseed(seed, device)
        yield
