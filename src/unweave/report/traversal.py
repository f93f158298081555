"""Latent traversals: images decoded while one latent, or one one-hot block, changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.report.latents import Latent

Decode = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # codes (n, D) -> images (n, C, H, W)


@dataclass(frozen=True)
class Traversal:
    """Latent traversal: images decoded while one latent, or one one-hot block, changes.

    frames: for each starting code, images (T, C, H, W). values: (T,) of the latent. at: for each
    starting code, the position of its own value on the strip, 0 to 1 (None for a block). labels: of
    the frames.
    """

    name: str
    latent: Latent | None
    frames: list[NDArray[np.float32]]
    values: NDArray[np.floating]
    at: list[float | None]
    labels: list[str]


def of_latent(
    latent: Latent, start: NDArray[np.float32], values: NDArray[np.float32], decode: Decode
) -> Traversal:
    """The traversal of a latent through values (T,), from each of the starting codes (S, D)."""
    codes = np.repeat(start, len(values), 0)  # (S, D) -> (S * T, D)
    codes[:, latent.column] = np.tile(values, len(start))
    places = np.linspace(0, 1, len(values))
    at = [float(np.interp(v, values, places)) for v in start[:, latent.column]]
    labels = [f"{latent.name} = {v:z.2f}" for v in values]
    frames = np.split(decode(codes), len(start))  # (T, C, H, W) for each start
    return Traversal(latent.name, latent, frames, values, list(at), labels)


def of_classes(
    name: str, columns: NDArray[np.int64], start: NDArray[np.float32], decode: Decode
) -> Traversal:
    """The traversal of a one-hot block, in these columns, from each starting code (S, D)."""
    codes = np.repeat(start, len(columns), 0)  # (S, D) -> (S * T, D), with T classes
    codes[:, columns] = np.tile(np.eye(len(columns), dtype=np.float32), (len(start), 1))
    labels = [f"{name} {i}" for i in range(len(columns))]
    values = np.arange(len(columns), dtype=np.float32)
    frames = np.split(decode(codes), len(start))  # (T, C, H, W) for each start
    return Traversal(name, None, frames, values, [None] * len(start), labels)
