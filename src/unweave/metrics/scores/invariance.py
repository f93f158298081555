"""Invariance (Achille and Soatto, 2018): is the code independent of the nuisances?"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.label_information import how, no_labels, placed
from unweave.metrics.estimators.posteriors import (
    RowsUsed,
    about_labels,
    label_entropy,
    labels,
    missing,
)


@metric(
    measures=("usefulness",),
    tables="posteriors",
    cost="fit",
    invariant=("permutation", "sign"),
    uses=("log_var",),
    draws=True,
)
def invariance(
    table: Table, *, nuisance: tuple[int, ...] | None = None, rows: RowsUsed = "sample"
) -> Measured:
    """Invariance to nuisances, from 0 to 1, higher is better: I(n; z) = 0 when it is 1.

    Mean over the nuisances n of 1 - I(n; z) / H(n), where z is a sample of q(z|x).

    nuisance: which columns of the factors are nuisances. By default all are, so give the nuisances
        as factors or name them: a code that has to know every factor is invariant to none.
    rows: as for `sufficiency`. "sample" bounds I(n; z) from below, so invariance from above.
    parts: `information` I(n; z), `entropy` H(n) in nats, and `invariance` of every factor, NaN if
        it is no nuisance.

    Source: Achille and Soatto 2018, section 2. Of a sufficient code, I(n; z) <= I(x; z) - I(x; y)
    for every nuisance n that is independent of the labels y: `minimality` gives that bound.
    **Departures**: normalised by H(n).
    """
    reason = missing(table) or no_labels(table)
    if reason:
        return Measured(math.nan, "", reason=reason)
    columns = labels(table, nuisance)
    found = about_labels(table, columns, rows)  # (nuisances,)
    entropy = np.array([label_entropy(table, v) for v in columns])
    share = 1 - found / np.where(entropy > 0, entropy, np.nan)
    parts = {"invariance": share, "information": found, "entropy": entropy}
    factors = {name: placed(table, nuisance, part) for name, part in parts.items()}
    return Measured(mean(share), how(table, rows), factors=factors)
