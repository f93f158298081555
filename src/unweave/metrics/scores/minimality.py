"""Minimality (Achille and Soatto, 2018): is the code's information on the image that on the labels
alone?
"""

from __future__ import annotations

import math

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.label_information import how, no_labels
from unweave.metrics.estimators.posteriors import (
    RowsUsed,
    about_images,
    about_labels,
    labels,
    missing,
)

TERMS = ("of_the_labels", "of_the_image", "excess")


@metric(
    measures=("usefulness",),
    tables="posteriors",
    cost="fit",
    invariant=("permutation", "sign"),
    ranges={
        "of_the_labels": (0.0, math.inf),
        "of_the_image": (0.0, math.inf),
        "excess": (0.0, math.inf),
    },
    uses=("log_var",),
    draws=True,
)
def minimality(
    table: Table, *, target: tuple[int, ...] | None = None, rows: RowsUsed = "sample"
) -> Measured:
    """Minimality, from 0 to 1, higher is better: the share I(y; z) / I(x; z) of what a code knows
    that is of the labels.

    Among sufficient codes the minimal one has the least I(x; z), which then equals I(y; z). What is
    beyond it, the excess I(x; z) - I(y; z), bounds what the code can know of any nuisance that is
    independent of y.

    target: which columns of the factors together are the label y, all by default. rows: as for
        `sufficiency`.
    parts: `of_the_labels` I(y; z), `of_the_image` I(x; z), `excess`, in nats.

    Source: Achille and Soatto 2018, sections 2 and 3. **Departures**: a share, so that codes of
    different rate can be compared; I(x; z) from the mixture of the rows' posteriors, at most log N.
    Undefined if every row has a label of its own, which leaves nothing of the image to be minimal
    about.
    """
    unknown = dict.fromkeys(TERMS, math.nan)
    reason = missing(table) or no_labels(table)
    if reason:
        return Measured(math.nan, "", reason=reason, pieces=unknown)
    y = _together(labels(table, target))
    if np.bincount(y[y >= 0]).max(initial=0) < 2:
        reason = "every row has labels of its own: name those to be minimal about by target=(...)"
        return Measured(math.nan, "", reason=reason, pieces=unknown)
    of_image, note = about_images(table)
    # I(y; z) <= I(x; z), since y is a function of x
    of_labels = min(float(about_labels(table, [y], rows)[0]), of_image)
    pieces = dict(zip(TERMS, (of_labels, of_image, of_image - of_labels), strict=True))
    if not of_image > 0:
        reason = "the code knows nothing of the image"
        return Measured(math.nan, how(table, rows), pieces, reason=reason)
    return Measured(of_labels / of_image, how(table, rows), pieces, reason=note)


def _together(columns: list[np.ndarray]) -> np.ndarray:
    """Several labels as one, (N,), -1 where any is unknown."""
    table = np.stack(columns, 1)
    y = np.full(len(table), -1)
    known = (table >= 0).all(1)
    y[known] = np.unique(table[known], axis=0, return_inverse=True)[1].reshape(-1)
    return y
