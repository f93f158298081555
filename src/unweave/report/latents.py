"""Latents of a run: the columns of its code, with their names, KL and spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block
from unweave.metrics.tables.silence import ACTIVE


@dataclass(frozen=True)
class Latent:
    """One column of a code.

    column: its index. name: "z3", or "style 2" in a named block. kl: nats per image; None if codes
    have no variance. spread: standard deviation of the posterior means over images; None without an
    encoder. active: whether the latent is used.
    """

    column: int
    name: str
    kl: float | None
    spread: float | None
    active: bool

    @property
    def use(self) -> float:
        """The key that latents are sorted by: KL, or spread where there is no KL."""
        if self.kl is not None:
            return self.kl
        return self.spread or 0.0


def latents(
    blocks: Mapping[str, Block],
    width: int,
    kl: Sequence[float] | None,
    spread: NDArray[np.floating] | None,
) -> list[Latent]:
    """The columns of a code of `width`, most used first, without noise and one-hot blocks.

    kl, spread: of each column, (width,), where they are known.
    """
    found = []
    for column, name in _columns(blocks, width):
        own_kl = None if kl is None else float(kl[column])
        own_spread = None if spread is None else float(spread[column])
        # active by its KL, or else if it varies at all
        active = own_spread is None or own_spread > 1e-6
        if own_kl is not None:
            active = own_kl > ACTIVE
        found.append(Latent(column, name, own_kl, own_spread, active))
    return sorted(found, key=lambda latent: -latent.use)


def _columns(blocks: Mapping[str, Block], width: int) -> Iterator[tuple[int, str]]:
    """The columns with their names: "z3" in the block "code", "style 2" in another."""
    for name, block in blocks.items():
        if block.kind in ("one-hot", "noise"):
            continue
        for i, column in enumerate(block.places(width)):
            if name == "code":
                yield column, f"z{column}"
            else:
                yield column, f"{name} {i}"
