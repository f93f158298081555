"""Evaluation of a network on many rows, a chunk at a time, on the device of its weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unweave.types import to_unit

CHUNK = 512  # images that go through the network at once


@torch.no_grad()
def by_chunks(
    f: Callable[[Tensor], tuple[Tensor, ...]], rows: NDArray[np.generic], device: torch.device
) -> list[NDArray[np.float32]]:
    """Each result of `f` over the rows, as one array (n, ...). `f` gets rows on the device."""
    parts: list[tuple[NDArray[np.float32], ...]] = []
    for start in range(0, max(len(rows), 1), CHUNK):
        chunk = np.ascontiguousarray(rows[start : start + CHUNK])
        x = to_unit(torch.from_numpy(chunk).to(device))
        parts.append(tuple(t.float().cpu().numpy() for t in f(x)))
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
