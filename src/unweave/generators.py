"""torch's default random generators of a device: list, seed, save and restore them.

Random numbers are drawn on the device of their tensor, so seeding the CPU's generator alone has no
effect on an accelerator, whose generator would also change for the caller. Seeds are made in
`seeds`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


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
    before = [(generator, generator.get_state()) for generator in generators(device)]
    try:
        yield
    finally:
        for generator, state in before:
            generator.set_state(state)


@contextmanager
def seeded(seed: int, device: torch.device | str) -> Iterator[None]:
    """Context in which the generators of a device start from `seed`; they are restored at its end."""
    with left_alone(device):
        reseed(seed, device)
        yield
