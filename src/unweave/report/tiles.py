"""The numbers at the top of a page, and how numbers are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from unweave.metrics.base import Score
from unweave.runs.run import Run
from unweave.training.kl_log import latents_in
from unweave.training.records import duration, units
from unweave.types import NATS


@dataclass(frozen=True)
class Tile:
    """A number at the top of the page."""

    name: str
    value: str
    unit: str = ""


def tiles(run: Run, records: list[dict[str, Any]], found: Mapping[str, Score]) -> list[Tile]:
    """The numbers one looks for first."""
    last = records[-1] if records else {}
    shown = [Tile("steps", f"{last.get('step', 0):,}", f"of {run.config.loop.steps:,}")]
    if "seconds" in last:
        speeds = [r["images_per_s"] for r in records if "images_per_s" in r]
        shown += [Tile("training time", duration(last["seconds"]), f"{np.median(speeds):,.0f} images/s")]
    if "validation elbo" in last:
        shown += [Tile("validation ELBO", minus(f"{last['validation elbo']:z.1f}"), NATS)]
    elif "reconstruction" in last:
        shown += [
            Tile(
                "reconstruction",
                f"{last['reconstruction']:z.1f}",
                f"{units(records).get('reconstruction', '')}, training batches".lstrip(", "),
            )
        ]
    if "active" in last:
        shown += [Tile("active latents", str(last["active"]), f"of {latents_in(last, run.blocks):,}")]
    return shown + [Tile(name, *value_and_error(score)) for name, score in list(found.items())[:3]]


def minus(text: str) -> str:
    """A number with the minus sign of typography."""
    return text.replace("-", "−")


def value_and_error(score: Score) -> tuple[str, str]:
    """A score as value and error, apart."""
    value, _, error = str(score).partition(" ")
    return ("–", score.reason) if value == "nan" else (value, error)
