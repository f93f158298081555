"""Accuracy of a categorical code, up to the names of its categories: does each category stand for
one class?
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.estimators.entropies import entropy
from unweave.metrics.estimators.row_weights import or_ones, weights_of
from unweave.settings import Setting


@metric(
    measures=("identifiability", "usefulness"),
    tables="classes",
    invariant=("permutation", "dead latents"),
    falls=("sign", "noise latents"),
    error="jackknife",
    ranges={"categories": (0.0, math.inf), "classes": (0.0, math.inf)},
)
def class_accuracy(
    table: Table, *, named: Annotated[bool, Setting("category k is class k")] = False
) -> Measured:
    """Accuracy of the predicted category, from 0 to 1, higher is better; chance is about 1 /
    classes.

    The category of a row is the argmax of its code, or the value of a code of one column.
    Accuracy = the share of rows whose category is matched to their class, under the one-to-one
    matching for which it is largest (the assignment problem, solved exactly by the Hungarian
    method). Rows of a category that is left without a class count as wrong.
    named: category k is class k, because labels said so in training: the share of rows where it is,
        and no matching.

    codes: (N, D) one-hot or probabilities, the block "class" of a run; or (N, 1) indices. factors:
        (N, 1), the class.
    parts: `categories` and `classes`, how many occur; `nmi`, mutual information over the mean of
        the two entropies.

    Source: Yang et al. 2010 ("clustering accuracy"); Chen et al. 2016, section 7.2, match
    categories to digits likewise. Known failure: a class that is split over two categories costs
    all rows of the smaller, though nothing is confused; `nmi` is milder. The rotated code is not a
    category and says little.
    """
    how = "categories matched to classes"
    if named:
        how = "category k is class k"
    estimator = f"argmax of the code, {how}"
    if len(table.varying) != 1 or table.height != 1:
        reason = "no class is known"
        if table.height:
            reason = f"there are {table.height} factors: give the class alone, (N, 1)"
        return Measured(math.nan, estimator, reason=reason)
    known = ~np.isnan(table.factors[:, 0])
    codes = table.codes[known]
    # (n,): the category and the class of each row where the class is known, numbered from 0
    if table.width > 1:
        category = codes.argmax(1)
    else:
        _, category = np.unique(codes[:, 0], return_inverse=True)
    _, label = np.unique(table.factors[known, 0], return_inverse=True)
    count = counts(category, label, weights_of(table.weights, known))  # (categories, classes)
    pieces = {
        "categories": float((count.sum(1) > 0).sum()),
        "classes": float(count.shape[1]),
        "nmi": normalised_information(count),
    }
    value = plain(table, known) if named else matched(count)
    return Measured(value, estimator, pieces, n=int(known.sum()))


def plain(table: Table, known: np.ndarray) -> float:
    """Share of the known rows, or of their weight, whose category is the class of that number."""
    codes = table.codes[known]
    label = table.factors[known, 0]
    category = codes[:, 0]
    # latents that never vary were set aside: the number of the column as it was given
    if table.width > 1:
        category = np.array(table.latents)[codes.argmax(1)]
    return float(np.average(category == label, weights=weights_of(table.weights, known)))


def counts(
    category: np.ndarray, label: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Rows, or their weight, of each category and label: indices (n,) and (n,) to (categories,
    labels).
    """
    table = np.zeros((category.max() + 1, label.max() + 1))
    np.add.at(table, (category, label), or_ones(weights, len(label)))
    return table


def matched(count: np.ndarray) -> float:
    """Largest share of a table of counts that a one-to-one matching of its rows and columns can
    cover.

    >>> matched(np.array([[1, 8], [3, 4]]))
    0.6875
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(count, maximize=True)
    return float(count[rows, columns].sum() / count.sum())


def normalised_information(count: np.ndarray) -> float:
    """Mutual information of rows and columns over the mean of their entropies; NaN if neither
    varies.
    """
    # entropies of the marginals and of the joint distribution, in nats
    rows, columns, both = (entropy(side) for side in (count.sum(1), count.sum(0), count.ravel()))
    if not rows + columns > 0:
        return math.nan
    return 2 * (rows + columns - both) / (rows + columns)
