"""Latents of a run: the columns of its code, with their names, KL and spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block
from unweave.metrics.tables.silence import ACTIVE


@dataclass(frozen=True)
class Latent:
    """One column of a code.

    column: its index. name: "z3", or "style 2" in a named block. kl: nats per image; None if the
    column has no variance. spread: standard deviation of the posterior means over images; None without an
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

    kl, spread: of each column, (width,), where they are known. A point has no KL, whatever is
    given: it is used if it varies. Of points beside Gaussians each kind is sorted by its own use,
    and they take turns.
    """
    points = {i for block in blocks.values() if block.kind == "point" for i in block.places(width)}
    found = []
    for column, name in _columns(blocks, width):
        own_kl = None if kl is None or column in points else float(kl[column])
        own_spread = None if spread is None else float(spread[column])
        # active by its KL, or else if it varies at all
        active = own_spread is None or own_spread > 1e-6
        if own_kl is not None:
            active = own_kl > ACTIVE
        found.append(Latent(column, name, own_kl, own_spread, active))
    found.sort(key=lambda latent: -latent.use)
    gaussian = [latent for latent in found if latent.kl is not None]
    others = [latent for latent in found if latent.kl is None]
    turns = zip_longest(gaussian, others)
    return [latent for turn in turns for latent in turn if latent is not None]


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
