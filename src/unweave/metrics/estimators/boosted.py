"""A classifier of gradient boosted trees, as `boosting.py` fits it: importances and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unweave.metrics.estimators.sorted_columns import Floats, Ints
from unweave.metrics.estimators.trees import DEPTH


@dataclass(frozen=True, eq=False)
class GradientBoosting:
    """A fitted classifier of one factor.

    importances: (D,) share of each code in the gain of all cuts; they sum to 1, or are all 0 if
        nothing was cut.
    classes: (C,) the factor's values, ascending. prior: (T,) score before the first stage; T = C,
        or 1 if C = 2.
    column, threshold: (stages, T, 7), value: (stages, T, 8): the trees, see `trees.Trees`.
    """

    importances: Floats
    classes: NDArray[Any]
    prior: Floats
    column: Ints
    threshold: Floats
    value: Floats

    def predict(self, codes: ArrayLike) -> NDArray[Any]:
        """The most probable value of the factor for each row of codes (n, D): (n,), of the factor's
        own values.
        """
        score = self.scores(codes)  # (T, n)
        # two classes share one score, the log odds of the second
        if len(score) == 1:
            return self.classes[(score[0] >= 0).astype(np.intp)]
        return self.classes[score.argmax(0)]

    def scores(self, codes: ArrayLike) -> Floats:
        """Unnormalised log probabilities (T, n) of the classes; for two, the log odds (1, n) of the
        second.
        """
        # (D, n), rounded to float32 as the codes that were fitted
        x = np.ascontiguousarray(np.asarray(codes).T, dtype=np.float32).astype(np.float64)
        if x.ndim != 2 or len(x) != len(self.importances):
            raise ValueError(
                f"codes have shape {x.T.shape}; expected (n, {len(self.importances)}), as fitted"
            )
        score = np.repeat(self.prior[:, None], x.shape[1], 1)  # (T, n)
        # stage by stage: each of T trees adds the value of the leaf that a row reaches
        for column, threshold, value in zip(self.column, self.threshold, self.value, strict=True):
            score += np.take_along_axis(value, _leaves(x, column, threshold), 1)
        return score


def _leaves(x: Floats, column: Ints, threshold: Floats) -> Ints:
    """Leaf (T, n) that each column of x (D, n) reaches in each of T trees."""
    node = np.zeros((len(column), x.shape[1]), np.int8)  # (T, n): node of each row at this level
    # down one level at a time: node h of a level has the children h (left) and h + 2^depth (right)
    for depth in range(DEPTH):
        right = np.zeros(node.shape, bool)
        for h in range(2**depth):
            at = 2**depth - 1 + h  # nodes are stored level by level
            right |= (node == h) & (x[column[:, at]] > threshold[:, at, None])
        node += (right * 2**depth).astype(np.int8)
    return node
