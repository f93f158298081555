"""KL of the columns of a code in records of the log; of wide blocks only the sum and the largest.

A hierarchical code of 3,460 columns would take 27 KB in every record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unweave.blocks import Block
from unweave.metrics.tables.silence import ACTIVE

EACH = 64  # most columns of a narrow block, all of which are written
LARGEST = 8  # columns of a wide block that are written


def written(kl: Sequence[float], blocks: Mapping[str, Block]) -> dict[str, Any]:
    """The KL in a record: "active" latents, and "kl per latent" in nats, (D,), of narrow blocks.

    kl: of each column of a code, (D,), in nats. Where a block has more than 64 columns, "kl per
    latent" is {column: nats} of the narrow blocks and of the 8 largest of each wide one, and "kl
    per block" has, of every block, the sum in nats ("kl"), "active" and "latents" in all.
    """
    found: dict[str, Any] = {"active": sum(nats > ACTIVE for nats in kl)}
    places = {name: block.places(len(kl)) for name, block in blocks.items()}
    wide = {name: columns for name, columns in places.items() if len(columns) > EACH}
    if not wide:
        return found | {"kl per latent": [round(nats, 4) for nats in kl]}
    # all columns of narrow blocks, the largest of wide ones
    kept: set[int] = set()
    for name, columns in places.items():
        if name in wide:
            kept |= set(sorted(columns, key=lambda column: -kl[column])[:LARGEST])
        else:
            kept |= set(columns)
    found["kl per latent"] = {str(column): round(kl[column], 4) for column in sorted(kept)}
    found["kl per block"] = {}
    for name, columns in places.items():
        own = [kl[column] for column in columns]
        found["kl per block"][name] = {
            "kl": round(sum(own), 4),
            "active": sum(nats > ACTIVE for nats in own),
            "latents": blocks[name].latents(len(kl)),
        }
    return found


def by_column(record: Mapping[str, Any]) -> dict[int, float]:
    """{column: nats} of the columns in a record; empty without KL.

    >>> by_column({"kl per latent": [0.5, 0.0]}), by_column({"kl per latent": {"7": 2.0}})
    ({0: 0.5, 1: 0.0}, {7: 2.0})
    >>> by_column({})
    {}
    """
    given = record.get("kl per latent", {})
    if not isinstance(given, Mapping):
        given = dict(enumerate(given))
    return {int(column): float(nats) for column, nats in given.items()}


def latents_in(record: Mapping[str, Any], blocks: Mapping[str, Block]) -> int:
    """Number of latents of the code in this record; a one-hot block is one latent."""
    if "kl per block" in record:
        return sum(block["latents"] for block in record["kl per block"].values())
    width = len(record["kl per latent"])
    return sum(block.latents(width) for block in blocks.values())
