"""Columns of the records of a run's log, units of their terms, and durations as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# measured by a clock: the only columns that differ between two equal runs
CLOCKED = ("seconds", "images_per_s")
# scalars beside the terms of the losses; these and the terms have a chart
LOOKED_AT = ("active", "validation elbo")
# the type of each; no term of the losses, which are numbers too, may have these names
COLUMNS: dict[str, Any] = {
    "step": int,
    "units": dict[str, str],
    "kl per latent": list[float] | dict[str, float],
    "kl per block": dict[str, dict[str, float]],
    **dict.fromkeys((*CLOCKED, *LOOKED_AT), float),
    # of what progress is called with, and not in the log
    "live": bool,
    "resumed": int,
}


def units(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """{term: unit} of all records; each record has the units of its new terms."""
    found: dict[str, str] = {}
    for record in records:
        found |= record.get("units", {})
    return found


def duration(seconds: int | float) -> str:
    """A length of time in at most two units, as text.

    >>> duration(42.3), duration(372.0), duration(7500.0)
    ('42 s', '6 min 12 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
