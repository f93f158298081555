"""The KL of a code's columns as a record of the log holds it: all of a narrow block, of a wide one the sum and the largest.

A ladder of 3,460 columns made lines of 27 KB, one for every record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unweave.blocks import Block
from unweave.metrics.tables.silence import ACTIVE

EACH = 64  # columns of a block that are written one by one
LARGEST = 8  # of the others


def written(kl: Sequence[float], blocks: Mapping[str, Block]) -> dict[str, Any]:
    """The part of a record: "active" latents, and "kl per latent" (W,) in nats of a code of narrow blocks.

    Where a block has more than 64 columns, "kl per latent" is {column: nats} of the narrow blocks and of the 8 largest
    of each wide one, and "kl per block" has, of every block, the sum in nats ("kl"), "active" and "latents" in all.
    """
    found: dict[str, Any] = {"active": sum(k > ACTIVE for k in kl)}
    places = {name: block.places(len(kl)) for name, block in blocks.items()}
    wide = {name: columns for name, columns in places.items() if len(columns) > EACH}
    if not wide:
        return found | {"kl per latent": [round(k, 4) for k in kl]}
    kept = {column for name, columns in places.items() if name not in wide for column in columns}
    for columns in wide.values():
        kept |= set(sorted(columns, key=lambda column: -kl[column])[:LARGEST])
    found["kl per latent"] = {str(column): round(kl[column], 4) for column in sorted(kept)}
    found["kl per block"] = {
        name: {
            "kl": round(sum(kl[column] for column in columns), 4),
            "active": sum(kl[column] > ACTIVE for column in columns),
            "latents": blocks[name].latents(len(kl)),
        }
        for name, columns in places.items()
    }
    return found


def by_column(record: Mapping[str, Any]) -> dict[int, float]:
    """{column: nats} as far as a record says it; none if it says nothing of KL.

    >>> by_column({"kl per latent": [0.5, 0.0]}), by_column({"kl per latent": {"7": 2.0}}), by_column({})
    ({0: 0.5, 1: 0.0}, {7: 2.0}, {})
    """
    given = record.get("kl per latent", {})
    pairs = given.items() if isinstance(given, Mapping) else enumerate(given)
    return {int(column): float(nats) for column, nats in pairs}


def latents_in(record: Mapping[str, Any], blocks: Mapping[str, Block]) -> int:
    """How many latents the code of this record has, a one-hot counted once."""
    if "kl per block" in record:
        return sum(block["latents"] for block in record["kl per block"].values())
    return sum(block.latents(len(record["kl per latent"])) for block in blocks.values())
