"""Which columns of a run's codes metrics see, and what is known of their KL: by block, and not more than they can bear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block, named
from unweave.metrics.tables.silence import ACTIVE

MOST = 64  # columns that are scored: dci takes a second for each, of 10,000 rows and five factors, on one core


@dataclass(frozen=True)
class Columns:
    """The columns that are scored.

    index: their numbers (D,), rising; None for all. kl: (D,), nats of each where columns of other kinds stand beside
    Gaussian ones: of a one-hot, each column has that of the block; of a point infinity. None where it follows from mean
    and log variance alone. gaussian: (D,), which of them are. note: what is to be said of all scores, or "".
    """

    index: NDArray[np.int64] | None = None
    kl: NDArray[np.float64] | None = None
    gaussian: NDArray[np.bool_] | None = None
    note: str = ""


def scored_columns(
    blocks: Mapping[str, Block], mean: NDArray[Any], log_var: NDArray[Any] | None, only: str | None = None
) -> Columns:
    """The columns of the blocks that are scored, or of the block `only`; where they are more than 64, the most used.

    mean, log_var: (N, W) of the codes of some images. ValueError if there is no block of that name.
    """
    width = mean.shape[1]
    wanted = [block for block in blocks.values() if block.scored] if only is None else [named(blocks, only)]
    index = np.array(sorted({column for block in wanted for column in block.places(width)}), dtype=np.int64)
    notes = [] if only is None else [f"of the block {only} alone"]
    kl = None if log_var is None else column_kl(blocks, mean, log_var)
    if len(index) > MOST:
        index, note = _most_used(index, mean, kl)
        notes.append(note)
    mixed = kl is not None and any(block.kind != "gaussian" for block in blocks.values())
    return Columns(
        None if len(index) == width else index,
        kl[index] if kl is not None and mixed else None,
        _gaussian(blocks, width)[index] if mixed else None,
        "; ".join(notes),
    )


def _most_used(
    index: NDArray[np.int64], mean: NDArray[Any], kl: NDArray[np.float64] | None
) -> tuple[NDArray[np.int64], str]:
    """The columns that are used most, by KL and then only those that say anything, else by variance; and what to say."""
    if kl is None:
        use = mean[:, index].var(0)
        name = "variance"
        most = MOST
    else:
        use = kl[index]
        name = "KL"
        most = min(MOST, max(2, int((use > ACTIVE).sum())))
    kept = np.sort(index[np.argsort(-use, kind="stable")[:most]])
    return kept, f"scored on the {most} of {len(index):,} columns with the largest {name}"


def column_kl(blocks: Mapping[str, Block], mean: NDArray[Any], log_var: NDArray[Any]) -> NDArray[np.float64]:
    """Mean KL of each column (W,) in nats, as `Columns.kl` says; 0 for noise. mean, log_var: (N, W)."""
    import torch  # here, so that scoring arrays needs no torch

    from unweave.types import Posterior

    means, variances = (torch.from_numpy(np.asarray(part, dtype=np.float64)) for part in (mean, log_var))
    found: NDArray[np.float64] = Posterior(means, variances, blocks=blocks).kl().mean(0).numpy()
    for block in blocks.values():
        places = list(block.places(mean.shape[1]))
        if block.kind == "one-hot":
            found[places] = found[places].sum()
        if block.kind == "point":
            found[places] = np.inf
    return found


def _gaussian(blocks: Mapping[str, Block], width: int) -> NDArray[np.bool_]:
    found = np.ones(width, dtype=bool)
    for block in blocks.values():
        found[list(block.places(width))] = block.kind == "gaussian"
    return found
