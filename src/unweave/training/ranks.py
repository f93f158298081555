"""Several processes that train one method together: which of them this is, and what only the first one does.

    torchrun --nproc-per-node 4 -m unweave train beta-vae --data dsprites

They are those of torch.distributed: started by torchrun, or joined by the caller before. In a single process each function
here does nothing, or what it would without the others. What they share is in `joint`.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable

import torch
import torch.distributed as dist

from unweave.seeds import fold


class Failed(ValueError):
    """The first process could not do what the others wait for; it says itself why."""


def world() -> int:
    """How many processes train together, 1 for a single one."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if world() > 1 else 0


def join() -> None:
    """Join the processes that torchrun has started, until this one ends; nothing if it has not, or they are joined."""
    if dist.is_available() and dist.is_torchelastic_launched() and not dist.is_initialized():
        dist.init_process_group()
        atexit.register(_leave)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def own_device(device: torch.device) -> torch.device:
    """The device of this process: of several GPUs the one of its place on this machine, unless one was chosen by number."""
    if world() > 1 and device.type == "cuda" and device.index is None:
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", rank() % torch.cuda.device_count())))
    return device


def noise(seed: int, step: int) -> int:
    """The seed of a step's noise, another one in each process."""
    return fold(seed, step) if world() == 1 else fold(seed, step, "rank", rank())


def first(act: Callable[[], None]) -> None:
    """The first process acts, the others wait until it has. Failed there if it could not."""
    if world() == 1:
        act()
        return
    done = torch.zeros(1, device="cuda" if dist.get_backend() == "nccl" else "cpu")
    try:
        if rank() == 0:
            act()
            done += 1
    finally:
        dist.broadcast(done, 0)
    if not done:
        raise Failed(f"process {rank()} stops: the first process could not go on")
