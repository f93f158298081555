"""Precision of training, float32 or bfloat16 autocast: by name, or the faster one on this machine.

The speed is measured once for each machine and cached: a processor may have bfloat16 instructions
and still compute convolutions 4 to 16 times slower in bfloat16, and another may take half the time.
"""

from __future__ import annotations

import json
import logging
import platform
import time
from typing import Any, Literal

import torch
from torch import nn

from unweave.files.atomic import WriteError, write
from unweave.files.places import cache
from unweave.nets.transposed import ConvTranspose2d
from unweave.seeds.generators import seeded
from unweave.training.layout import channels_last

Precision = Literal["auto", "bf16", "float32"]
ROUNDS = 3
LONG = 1.0  # seconds after which no further round begins
WORTH = 1.05  # least speed-up at which bfloat16, the coarser type, is chosen

log = logging.getLogger(__name__)


def dtype_of(precision: Precision, device: torch.device) -> torch.dtype:
    """The type of the convolutions and products; "auto" is the faster one on this device."""
    if precision == "auto":
        chosen = speed_of_bf16(device) > WORTH
    else:
        chosen = precision == "bf16"
    if chosen:
        return torch.bfloat16
    return torch.float32


def speed_of_bf16(device: torch.device) -> float:
    """Speed of bfloat16 over float32 on this device, cached or measured; 0 if bfloat16 fails."""
    machine = _machine(device)
    known = _remembered()
    if machine in known:
        return float(known[machine])
    ratio = measured(device)
    log.info("bfloat16 is %.2f times as fast as float32 here (%s)", ratio, machine)
    speeds = json.dumps(known | {machine: round(ratio, 3)}, indent=1)
    try:
        write(cache() / "precision.json", speeds.encode())
    except (OSError, WriteError) as error:
        log.info("not cached: %s", error)
    return ratio


def measured(device: torch.device) -> float:
    """Time of small convolutions in float32 over that in bfloat16, the least of several rounds."""
    seconds: dict[torch.dtype, list[float]] = {torch.float32: [], torch.bfloat16: []}
    with seeded(0, device):
        layers = nn.Sequential(
            nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), ConvTranspose2d(64, 32, 4, 2, 1)
        )
        layers = channels_last(layers.to(device))
        x = torch.rand(32, 32, 32, 32, device=device).to(memory_format=torch.channels_last)
        start = time.perf_counter()
        for _ in range(ROUNDS + 1):
            for dtype, taken in seconds.items():
                try:
                    taken.append(_seconds(layers, x, dtype))
                except RuntimeError as error:  # the device does not support this type
                    log.info("%s fails here: %s", dtype, str(error).splitlines()[0])
                    return 0.0
            if time.perf_counter() - start > LONG:
                break
    return min(seconds[torch.float32]) / min(seconds[torch.bfloat16])


def _seconds(layers: nn.Module, x: torch.Tensor, dtype: torch.dtype) -> float:
    """Seconds of one forward and backward pass, until the device has finished it."""
    start = time.perf_counter()
    with torch.autocast(x.device.type, torch.bfloat16, enabled=dtype is torch.bfloat16):
        loss = layers(x).float().square().mean()
    gradient = torch.autograd.grad(loss, next(layers.parameters()))[0]
    float(gradient.sum())  # waits for the device
    return time.perf_counter() - start


def _machine(device: torch.device) -> str:
    """The key of the cache: processor or GPU, threads, version of torch."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    else:
        found = torch.cpu.get_capabilities().items()
        capabilities = " ".join(sorted(name for name, there in found if there is True))
        processor = f"{platform.machine()} {platform.processor()}"
        name = f"{processor} {capabilities}, {torch.get_num_threads()} threads"
    return f"{device.type}, {name}, torch {torch.__version__}"


def _remembered() -> dict[str, Any]:
    """Cached speeds, {machine: ratio}; empty if the file is missing or damaged."""
    try:
        found = json.loads((cache() / "precision.json").read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {machine: ratio for machine, ratio in found.items() if isinstance(ratio, int | float)}
