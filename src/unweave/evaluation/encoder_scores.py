"""Evaluation of an encoder: a function or a module from images to codes, on a data set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unweave import data as datasets
from unweave.evaluation.planned import noted, planned, wanted_of
from unweave.evaluation.scoring import as_names, score
from unweave.evaluation.tables import encode
from unweave.metrics.score import Score
from unweave.metrics.tables.arguments import check_how

Encoder = Callable[..., Any]  # its results are read in `evaluation.encoder_output`


def evaluate_encoder(
    encoder: Encoder,
    data: Any,
    metrics: Any = None,
    *,
    n: int | None = None,
    seed: int = 0,
    protocol: str = "unweave",
    calibrate: bool = False,
    kinds: Any = None,
) -> dict[str, Score]:
    """Score a function from images (n, C, H, W) uint8 to codes (n, D) on a data set.

    Arguments as of `evaluate`.
    """
    check_how(protocol, seed, calibrate)
    names = as_names(metrics)
    plan = planned(datasets.load(data), names, n=n, seed=seed, protocol=protocol, kinds=kinds)
    # here, so that scoring arrays needs no torch
    from unweave.evaluation.encoder import EncoderCalls
    from unweave.seeds.generators import all_left_alone

    calls = EncoderCalls(encoder)
    with all_left_alone():
        tables = encode(plan, calls)
    scores = score(wanted_of(names, tables), tables.rows, tables.others, calibrate=calibrate)
    for note in calls.notes:
        scores = {name: noted(found, note) for name, found in scores.items()}
    return scores
