"""What a record of a run's log holds: columns of the loop, and the mean of each term of the losses, with units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CLOCKED = ("seconds", "images_per_s")  # what a clock says: all that differs between two runs that are the same
LOOKED_AT = ("active", "validation elbo")  # beside the losses, one number each: with the terms, what has a chart
COLUMNS = frozenset(
    {"step", "units", "kl per latent", "kl per block", "live", "resumed", *CLOCKED, *LOOKED_AT}
)  # names that no term of the losses may have


def units(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """{term: unit} as the records say: each says those that are new in it."""
    return {term: unit for record in records for term, unit in record.get("units", {}).items()}


def duration(seconds: int | float) -> str:
    """A length of time, that of a record or what is left of a run, in two units.

    >>> duration(42.3), duration(372.0), duration(7500.0)
    ('42 s', '6 min 12 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
