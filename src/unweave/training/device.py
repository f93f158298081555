"""The device of a name."""

from __future__ import annotations

import torch


def pick_device(name: str) -> torch.device:
    """The device of a name; "auto" is the first accelerator there is, else the CPU. ValueError if it is not there."""
    if name == "auto":
        there = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        return there or torch.device("cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} is not available here: {str(error).splitlines()[0]}") from error
    return device
