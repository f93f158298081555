"""Remarks on impossible estimates: a total correlation below 0, mutual information above the KL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from unweave.runs.config import RunConfig


def remarks(records: Sequence[Mapping[str, Any]], config: RunConfig) -> dict[str, str]:
    """{term: reason} for each term whose last value is out of its range; empty for most runs."""
    last: dict[str, Any] = {}  # the last value of each term
    for record in records:
        last |= record
    correlation = last.get("total correlation")
    information = last.get("mutual information")
    found = {}
    if correlation is not None and correlation < 0:
        why = _correlation(config)
        found["total correlation"] = f"Below 0, where no total correlation is: {why}"
    if information is not None and "kl" in last and information > last["kl"]:
        why = _information(config)
        found["mutual information"] = f"Above the KL, where no information is: {why}"
    return found


def _correlation(config: RunConfig) -> str:
    """Why the estimator of a run's total correlation can be below 0."""
    if _estimator(config) == "weighted":
        latents = config.method.settings.get("latents", 1)
        short = (latents - 1) * math.log(config.data.info.n)
        return (
            f"the weighted estimate, without its constant, lies up to (D - 1) log N = {short:.0f} "
            "nats below the truth. Its gradient is what is trained on; its level says little."
        )
    if _estimator(config) == "stratified":
        return "an estimate from one batch, which is off by a few nats either way."
    return (
        "it is a critic's mean log ratio, below 0 while the critic lags behind the codes "
        "or sees nothing in them."
    )


def _information(config: RunConfig) -> str:
    """Why the estimator of a run's mutual information can exceed the KL."""
    if _estimator(config) == "weighted":
        return (
            "the weighted estimate is about log(N M), for N images in batches of M, "
            "as soon as no image explains another's code, whatever the code knows."
        )
    return (
        "an estimate from one batch and one sample of each code; "
        "it is right on average to a few nats."
    )


def _estimator(config: RunConfig) -> str | None:
    """The minibatch estimator of the regulariser; None where a critic estimates."""
    return config.method.settings.get("regulariser.estimator")
