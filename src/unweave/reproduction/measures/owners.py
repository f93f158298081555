"""Assignment of latents to factors: each to the factor with which it shares most information."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.kinds import declared
from unweave.metrics.estimators.information import information
from unweave.metrics.tables.table import Table
from unweave.runs.run import Run
from unweave.seeds import fold

ROWS = 4_000
LEAST = 0.05  # of a factor's entropy: a latent that knows less of every factor belongs to none


def owners(codes: Any, factors: Any, kinds: Any = None, least: float = LEAST) -> NDArray[np.int64]:
    """The factor of each latent, (D,), -1 for none.

    It is the factor with the largest share of its entropy in the latent, I(z_j; v_k) / H(v_k), as
    in MIG-sup; factors that do not vary own no latent. codes: (n, D). factors: (n, K), indices, of
    the given kinds. least: the share below which a latent belongs to no factor.
    """
    codes = np.asarray(codes, dtype=np.float64)
    factors = np.asarray(factors)
    of_kind = declared(kinds, factors.shape[1])
    varying = np.flatnonzero(np.ptp(factors, axis=0) > 0)
    alive = np.flatnonzero(np.ptp(codes, axis=0) > 0)
    found = np.full(codes.shape[1], -1)
    if not len(alive) or not len(varying):
        return found
    table = Table.of(codes[:, alive], factors[:, varying], kinds=[of_kind[k] for k in varying])
    known = information(table)
    share = known.mutual / known.factors  # (alive, varying)
    found[alive] = np.where(share.max(1) >= least, varying[share.argmax(1)], -1)
    return found


def owners_of(run: Run, data: Dataset, seed: int = 0) -> NDArray[np.int64]:
    """The factor of each latent of a run, (D,), from up to 4,000 rows of its training data."""
    rng = np.random.default_rng(fold(seed, "owners"))
    rows = np.sort(rng.choice(len(data), size=min(ROWS, len(data)), replace=False))
    return owners(run.encode(data.take(rows)), data.factors_at(rows), data.factors.kinds)
