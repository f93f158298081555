"""Choice of the torch device by name."""

from __future__ import annotations

import torch


def pick_device(name: str) -> torch.device:
    """The torch device of a name. ValueError if it is not available.

    "auto": the current accelerator if there is one, else the CPU.
    """
    if name == "auto":
        found: torch.device | None = None
        if torch.accelerator.is_available():
            found = torch.accelerator.current_accelerator()
        return found or torch.device("cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()  # "meta" takes numbers, and gives none back
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(f"device {name!r} is not available here: {reason}") from error
    return device
