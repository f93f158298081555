"""What a record of a run's log holds: columns of the loop, and the mean of each term of the losses, with units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

COLUMNS = frozenset(
    {"step", "seconds", "images_per_s", "units", "active", "kl per latent", "validation elbo", "live", "resumed"}
)  # names that no term of the losses may have


def units(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """{term: unit} as the records say: each says those that are new in it."""
    return {term: unit for record in records for term, unit in record.get("units", {}).items()}
