"""The tables of a run that encodes clips: a row is a frame where each frame has a code, else a clip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from unweave.data.base import Dataset
from unweave.data.sampling.moving import some_clips
from unweave.evaluation.columns import scored_columns
from unweave.evaluation.encoding import known_factors, known_kinds
from unweave.evaluation.tables import Encoded
from unweave.metrics.tables.table import Table
from unweave.runs.run import Run


def encode_clips(
    run: Run, source: Dataset, *, n: int, seed: int, protocol: str, kinds: Any = None, block: str | None = None
) -> Encoded:
    """Encode clips of n frames in all, each once.

    A code for each frame stands beside the frame's factors. A code of a whole clip stands beside the factors that are
    the same in all its frames: one that moves is unknown. ValueError under a protocol that intervenes on images.
    """
    if protocol != "unweave":
        raise ValueError(f"the protocol {protocol} is of single images, and this run encodes clips")
    length = int(run.config.batches["clip_length"])
    rows = some_clips(source, max(n // length, 2), length, seed)
    clips = source.take(rows.ravel()).reshape(*rows.shape, *run.info.shape)
    mean, log_var = run.posterior(clips)
    factors = known_factors(source, rows.ravel())
    if mean.ndim == 3:
        mean = mean.reshape(-1, mean.shape[-1])
        log_var = None if log_var is None else log_var.reshape(mean.shape)
    elif factors is not None:
        of_clips = factors.reshape(*rows.shape, -1)
        factors = np.where((of_clips == of_clips[:, :1]).all(1), of_clips[:, 0], np.nan)
    chosen = scored_columns(run.blocks, mean, log_var, block)
    index = slice(None) if chosen.index is None else chosen.index
    gaussian = log_var is not None and chosen.kl is None
    table = Table.of(
        mean[:, index],
        factors,
        log_var=log_var[:, index] if log_var is not None and gaussian else None,
        seed=seed,
        kinds=known_kinds(source, kinds),
    )
    kind = "frames" if len(mean) == rows.size else "clips"
    notes = (*table.notes, f"scored on {len(mean):,} {kind}", *filter(None, [chosen.note]))
    kl = table.kl if chosen.kl is None else chosen.kl[list(table.latents)]
    table = replace(table, notes=notes, kl=kl)
    others: dict[str, Any] = {"posteriors": table}
    return Encoded(replace(table, log_var=None, cache={}), table, others, chosen.index if chosen.note else None)
