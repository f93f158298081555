"""Choice of the columns of a run's codes that are scored, by block and at most 64, and their KL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.blocks import Block, named
from unweave.metrics.tables.silence import ACTIVE

# columns that are scored: dci takes a second for each, of 10,000 rows and five factors, on one core
MOST = 64


@dataclass(frozen=True)
class Columns:
    """The columns that are scored.

    index: their numbers (D,), ascending; None for all. kl: (D,), nats of each where columns of
        other kinds stand beside Gaussian ones: each column of a one-hot block has the KL of the
        block; a point has infinity. None where it follows from mean and log variance alone.
    gaussian: (D,), which columns are Gaussian. note: the remark that all scores carry, or "".
    """

    index: NDArray[np.int64] | None = None
    kl: NDArray[np.float64] | None = None
    gaussian: NDArray[np.bool_] | None = None
    note: str = ""

    @property
    def noted(self) -> NDArray[np.int64] | None:
        """The columns that are scored, where the note says so; else None."""
        if not self.note:
            return None
        return self.index


def scored_columns(
    blocks: Mapping[str, Block],
    mean: NDArray[Any],
    log_var: NDArray[Any] | None,
    only: str | None = None,
) -> Columns:
    """The columns of the blocks that are scored, or of the block `only`; of more than 64, the most
    used.

    mean, log_var: (N, W) of the codes of some images. ValueError if there is no block of that name.
    """
    width = mean.shape[1]
    notes = []
    if only is None:
        wanted = [block for block in blocks.values() if block.scored]
    else:
        wanted = [named(blocks, only)]
        notes.append(f"of the block {only} alone")
    columns = {column for block in wanted for column in block.places(width)}
    index = np.array(sorted(columns), dtype=np.int64)
    kl = None if log_var is None else column_kl(blocks, mean, log_var)  # (W,)
    if len(index) > MOST:
        index, of_most = _most_used(index, mean, kl)
        notes.append(of_most)
    of_kl = None
    gaussian = None
    # KL follows from mean and log variance unless some block is not Gaussian
    if kl is not None and any(block.kind != "gaussian" for block in blocks.values()):
        of_kl = kl[index]
        gaussian = _gaussian(blocks, width)[index]
    note = "; ".join(notes)
    if len(index) == width:
        return Columns(None, of_kl, gaussian, note)
    return Columns(index, of_kl, gaussian, note)


def _most_used(
    index: NDArray[np.int64], mean: NDArray[Any], kl: NDArray[np.float64] | None
) -> tuple[NDArray[np.int64], str]:
    """The 64 columns with the largest KL among active ones, and a note that states it.

    Without KL, those with the largest variance.
    """
    if kl is None:
        use = mean[:, index].var(0)  # (columns,)
        name = "variance"
        most = MOST
    else:
        use = kl[index]
        name = "KL"
        most = min(MOST, max(2, int((use > ACTIVE).sum())))
    kept = np.sort(index[np.argsort(-use, kind="stable")[:most]])
    return kept, f"scored on the {most} of {len(index):,} columns with the largest {name}"


def column_kl(
    blocks: Mapping[str, Block], mean: NDArray[Any], log_var: NDArray[Any]
) -> NDArray[np.float64]:
    """Mean KL of each column, (W,), in nats, as `Columns.kl` says; 0 for noise.

    mean, log_var: (N, W).
    """
    import torch  # here, so that scoring arrays needs no torch

    from unweave.types import Posterior

    means = torch.from_numpy(np.asarray(mean, dtype=np.float64))
    log_vars = torch.from_numpy(np.asarray(log_var, dtype=np.float64))
    # (N, W) -> (W,): mean over images
    found: NDArray[np.float64] = Posterior(means, log_vars, blocks=blocks).kl().mean(0).numpy()
    for block in blocks.values():
        places = list(block.places(mean.shape[1]))
        if block.kind == "one-hot":
            found[places] = found[places].sum()
        if block.kind == "point":
            found[places] = np.inf
    return found


def _gaussian(blocks: Mapping[str, Block], width: int) -> NDArray[np.bool_]:
    """Which of the columns (W,) belong to a Gaussian block; those of no block count as Gaussian."""
    found = np.ones(width, dtype=bool)
    for block in blocks.values():
        found[list(block.places(width))] = block.kind == "gaussian"
    return found
