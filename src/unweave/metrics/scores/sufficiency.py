"""Sufficiency (Achille and Soatto, 2018): does the code have as much information on the labels as
the image?
"""

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
    measures=("explicitness",),
    tables="posteriors",
    cost="fit",
    invariant=("permutation", "sign"),
    uses=("log_var",),
    draws=True,
)
def sufficiency(
    table: Table, *, target: tuple[int, ...] | None = None, rows: RowsUsed = "sample"
) -> Measured:
    """Sufficiency, from 0 to 1, higher is better: I(y; z) = I(y; x) when it is 1.

    Mean over the labels y of I(y; z) / I(y; x), where z is a sample of q(z|x) and I(y; x) = H(y),
    since a factor is determined by its image. By the data processing inequality no code can have
    more.

    target: which columns of the factors are labels, all by default; each is scored by itself.
    rows: "sample" (a lower bound from the posteriors of other rows) or "all" (the rows are all the
        images there are).
    parts: `information` I(y; z), `entropy` H(y) in nats, and `sufficiency` of every factor, NaN if
        it is no target.

    Source: Achille and Soatto 2018, section 2 (representations that are sufficient, invariant,
        minimal).
    **Departures**: the estimator is ours. It reads the posteriors, not a trained classifier, so it
    is easily too low where labels are tangled in the code. With rows="all", codes of narrow
    posteriors score 1 even if they are noise.
    """
    reason = missing(table) or no_labels(table)
    if reason:
        return Measured(math.nan, "", reason=reason)
    columns = labels(table, target)
    found = about_labels(table, columns, rows)  # (targets,)
    entropy = np.array([label_entropy(table, v) for v in columns])
    share = found / np.where(entropy > 0, entropy, np.nan)
    parts = {"sufficiency": share, "information": found, "entropy": entropy}
    factors = {name: placed(table, target, part) for name, part in parts.items()}
    return Measured(mean(share), how(table, rows), factors=factors)
