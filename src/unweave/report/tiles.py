"""Key figures at the top of a report, and how numbers are written."""

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
    """Steps, training time, validation ELBO, active latents and the first three scores of a run."""
    last: dict[str, Any] = {}
    if records:
        last = records[-1]
    shown = [Tile("steps", f"{last.get('step', 0):,}", f"of {run.config.loop.steps:,}")]
    if "seconds" in last:
        speeds = [r["images_per_s"] for r in records if "images_per_s" in r]
        speed = f"{np.median(speeds):,.0f} images/s"
        shown.append(Tile("training time", duration(last["seconds"]), speed))
    if "validation elbo" in last:
        shown.append(Tile("validation ELBO", minus(f"{last['validation elbo']:z.1f}"), NATS))
    elif "reconstruction" in last:
        unit = units(records).get("reconstruction", "")
        about = f"{unit}, training batches".lstrip(", ")
        shown.append(Tile("reconstruction", f"{last['reconstruction']:z.1f}", about))
    if "active" in last:
        of = f"of {latents_in(last, run.blocks):,}"
        shown.append(Tile("active latents", str(last["active"]), of))
    return shown + [Tile(name, *value_and_error(score)) for name, score in list(found.items())[:3]]


def minus(text: str) -> str:
    """A number with the typographic minus sign (U+2212)."""
    return text.replace("-", "−")


def value_and_error(score: Score) -> tuple[str, str]:
    """The value of a score and its error as separate texts; ("–", reason) where it is undefined."""
    value, _, error = str(score).partition(" ")
    if value == "nan":
        return "–", score.reason
    return value, error
