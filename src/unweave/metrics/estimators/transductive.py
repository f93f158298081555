"""Transductive support vector machines: the labels of the other rows are part of what is optimised.

    min over w, b and the labels u of unlabelled rows, of which a fixed number are +1:
    (|w|^2 + b^2) / 2
        + c sum over labelled rows of max(0, 1 - y f)^2
        + c sum over unlabelled rows of max(0, 1 - u f)^2

with f = w z + b. Label switching (Joachims, 1999, "Transductive inference for text classification
using support vector machines"), all pairs that lower the loss at once (Sindhwani and Keerthi,
2006), while the weight of the unlabelled rows is doubled up to c. A local minimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DOUBLINGS = 10  # the unlabelled rows begin with a weight of c / 2^10


@dataclass(frozen=True)
class Line:
    """w (D,) and b of a linear classifier, and the labels (m,) of the unlabelled rows, -1 or 1."""

    w: np.ndarray
    b: float
    labels: np.ndarray

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Height f of the line at the rows z (n, D), (n,)."""
        found: np.ndarray = z @ self.w + self.b
        return found


def transductive_line(
    z: np.ndarray, y: np.ndarray, others: np.ndarray, share: float, c: float = 1.0
) -> Line:
    """A class against the rest, from labelled rows z (n, D) with y (n,) of -1 and 1, and unlabelled
    rows, others (m, D).

    share: of the unlabelled rows that are +1.
    """
    positive = round(share * len(others))
    w, b = _fitted(z, y, np.full(len(z), c))
    # the rows that the labelled ones put highest are +1
    labels = np.full(len(others), -1.0)
    labels[np.argsort(-(others @ w + b), kind="stable")[:positive]] = 1.0
    # label switching at growing weights of the unlabelled rows, c / 2^10 to c
    both = np.concatenate([z, others])  # (n + m, D)
    for doubling in range(DOUBLINGS + 1):
        weight = c * 2.0 ** (doubling - DOUBLINGS)
        costs = np.concatenate([np.full(len(z), c), np.full(len(others), weight)])
        while True:  # ends: every exchange lowers the loss, and there are finitely many labels
            w, b = _fitted(both, np.concatenate([y, labels]), costs)
            if not _exchange(labels, others @ w + b):
                break
    return Line(w, b, labels)


def loss(line: Line, z: np.ndarray, y: np.ndarray, others: np.ndarray, c: float = 1.0) -> float:
    """The value that is minimised."""
    slack = np.concatenate([1 - y * line(z), 1 - line.labels * line(others)])
    return float((line.w @ line.w + line.b**2) / 2 + c * (np.maximum(slack, 0) ** 2).sum())


def _exchange(labels: np.ndarray, f: np.ndarray) -> bool:
    """Exchange, in place, the labels (m,) of pairs of rows whose order in f they contradict.

    Returns whether there were any.

    The loss of a pair falls by it, since a convex slack of both is smaller with the higher f as +1.
    """
    positive = np.flatnonzero(labels > 0)
    negative = np.flatnonzero(labels < 0)
    # the lowest of the rows labelled +1 beside the highest of those labelled -1, pair by pair
    lowest = positive[np.argsort(f[positive], kind="stable")]
    highest = negative[np.argsort(-f[negative], kind="stable")]
    pairs = min(len(lowest), len(highest))
    wrong = f[highest[:pairs]] > f[lowest[:pairs]] + 1e-9
    labels[lowest[:pairs][wrong]] = -1.0
    labels[highest[:pairs][wrong]] = 1.0
    return bool(wrong.any())


def _fitted(z: np.ndarray, y: np.ndarray, costs: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights w (D,) and offset b for given labels; costs (n,): c of each row."""
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=1.0, dual=False, tol=1e-6, max_iter=10_000, random_state=0)
    model.fit(z, y, sample_weight=costs)
    return model.coef_[0], float(model.intercept_[0])
