"""Processes of distributed training: their number, the rank of this one, actions of the first only.

    torchrun --nproc-per-node 4 -m unweave train beta-vae --data dsprites

The processes are those of torch.distributed, started by torchrun or initialised by the caller. In a
single process each function here does nothing, or acts for this process alone. Synchronisation is
in `joint`.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable

import torch
import torch.distributed as dist

from unweave.seeds import fold


class Failed(ValueError):
    """The first process failed at an action that the others wait for; its error has the cause."""


def world() -> int:
    """Number of processes that train together; 1 without torch.distributed."""
    if not (dist.is_available() and dist.is_initialized()):
        return 1
    return dist.get_world_size()


def rank() -> int:
    """Number of this process, from 0."""
    if world() == 1:
        return 0
    return dist.get_rank()


def join() -> None:
    """Initialise torch.distributed in a process started by torchrun, until the process ends.

    Does nothing without torchrun, or if it is initialised.
    """
    if dist.is_available() and dist.is_torchelastic_launched() and not dist.is_initialized():
        dist.init_process_group()
        atexit.register(_leave)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def own_device(device: torch.device) -> torch.device:
    """The device of this process: of several GPUs the one of its local rank.

    One that is given by number stays.
    """
    if world() > 1 and device.type == "cuda" and device.index is None:
        local = os.environ.get("LOCAL_RANK", rank() % torch.cuda.device_count())
        return torch.device("cuda", int(local))
    return device


def noise(seed: int, step: int) -> int:
    """The seed of a step's noise, different in each process."""
    if world() == 1:
        return fold(seed, step)
    return fold(seed, step, "rank", rank())


def first(act: Callable[[], None]) -> None:
    """Call a function in the first process while the others wait.

    Failed in the others if it raised.
    """
    if world() == 1:
        act()
        return
    done = torch.zeros(1)  # 1 where the first process was able to act
    if dist.get_backend() == "nccl":
        done = done.cuda()
    try:
        if rank() == 0:
            act()
            done += 1
    finally:
        dist.broadcast(done, 0)
    if not done:
        raise Failed(f"process {rank()} stops: the first process could not go on")
