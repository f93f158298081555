"""Tables for metrics from a run that encodes clips: a row is a frame, or a clip with one code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from unweave.data.base import Dataset
from unweave.data.sampling.moving import some_clips
from unweave.evaluation.columns import Columns, scored_columns
from unweave.evaluation.encoding import known_factors, known_kinds
from unweave.evaluation.tables import Encoded
from unweave.metrics.tables.table import Table
from unweave.runs.run import Run


def encode_clips(
    run: Run,
    source: Dataset,
    *,
    n: int,
    seed: int,
    protocol: str,
    kinds: Any = None,
    block: str | None = None,
) -> Encoded:
    """Encode clips of n frames in all, each once.

    A code for each frame stands beside the frame's factors. A code of a whole clip stands beside
    the factors that are the same in all its frames: one that moves is unknown. ValueError under a
    protocol that intervenes on images.
    """
    if protocol != "unweave":
        raise ValueError(f"the protocol {protocol} is of single images, and this run encodes clips")
    length = run.config.batches.clip_length
    # (clips, length): row numbers of the frames
    rows = some_clips(source, max(n // length, 2), length, seed)
    clips = source.take(rows.ravel()).reshape(*rows.shape, *run.info.shape)
    mean, log_var = run.posterior(clips)
    factors = known_factors(source, rows.ravel())
    if mean.ndim == 3:
        # (clips, length, D) -> (frames, D): a code for each frame
        mean = mean.reshape(-1, mean.shape[-1])
        if log_var is not None:
            log_var = log_var.reshape(mean.shape)
    elif factors is not None:
        factors = _constant_in_clips(factors.reshape(*rows.shape, -1))
    chosen = scored_columns(run.blocks, mean, log_var, block)
    index: Any = chosen.index
    if index is None:
        index = slice(None)
    # log variances are used only where every scored column is Gaussian
    scored_log_var = None
    if log_var is not None and chosen.kl is None:
        scored_log_var = log_var[:, index]
    table = Table.of(
        mean[:, index],
        factors,
        log_var=scored_log_var,
        seed=seed,
        kinds=known_kinds(source, kinds),
    )
    kind = "clips"
    if len(mean) == rows.size:
        kind = "frames"
    table = _with_notes(table, chosen, kind)
    others: dict[str, Any] = {"posteriors": table}
    return Encoded(replace(table, log_var=None, cache={}), table, others, chosen.noted)


def _constant_in_clips(factors: np.ndarray) -> np.ndarray:
    """Factors of frames (clips, length, K) to those of clips (clips, K).

    NaN where one varies within a clip.
    """
    constant = (factors == factors[:, :1]).all(1)  # (clips, K)
    return np.where(constant, factors[:, 0], np.nan)


def _with_notes(table: Table, chosen: Columns, kind: str) -> Table:
    """The table with notes on its rows and its choice of columns, and the KL of these columns."""
    notes = [*table.notes, f"scored on {table.n:,} {kind}"]
    if chosen.note:
        notes.append(chosen.note)
    kl = table.kl
    if chosen.kl is not None:
        kl = chosen.kl[list(table.latents)]
    return replace(table, notes=tuple(notes), kl=kl)
