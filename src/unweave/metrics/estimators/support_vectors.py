"""Linear support vector machines on one number, solved exactly for all classes at once."""

from __future__ import annotations

import numpy as np


def support_vector_lines(
    z: np.ndarray, labels: np.ndarray, c: float, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Linear support vector machines on one number z (N,): slope and offset, (classes,) each, of
    each class against the rest.

    Minimises (w^2 + b^2) / 2 + sum of C_i max(0, 1 - y_i (w z_i + b))^2 by damped Newton steps, for
    all classes at once. C_i as liblinear has it: C n / (classes rows of the class) for the class
    itself and C for the rest; of two classes, both are balanced.
    """
    classes = int(labels.max()) + 1
    own = labels[:, None] == np.arange(classes)  # (N, classes)
    cost = _costs(labels, own, c, weights)  # (N, classes)
    y = np.where(own, 1.0, -1.0)

    def slack(w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slack of every row and class, (N, classes), and the loss of each class, (classes,)."""
        xi = np.maximum(0, 1 - y * (z[:, None] * w + b))
        return xi, (w**2 + b**2) / 2 + (cost * xi**2).sum(0)

    w = np.zeros(classes)
    b = np.zeros(classes)
    xi, loss = slack(w, b)
    # Newton's method for all classes at once, until no step promises to lower a loss
    for _ in range(50):
        d_w, d_b, decrement = _newton_step(z, w, b, 2 * cost * y * xi, 2 * cost * (xi > 0))
        if (decrement <= 1e-12 * (1 + loss)).all():
            break
        # halve the step of each class until its loss does not rise
        step = np.ones(classes)
        while True:
            moved, lower = slack(w - step * d_w, b - step * d_b)
            worse = lower > loss + 1e-12 * np.abs(loss)
            if not worse.any() or step.min() < 1e-6:
                break
            step[worse] /= 2
        w = w - step * d_w
        b = b - step * d_b
        xi = moved
        loss = lower
    return w, b


def _costs(labels: np.ndarray, own: np.ndarray, c: float, weights: np.ndarray | None) -> np.ndarray:
    """C_i of every row and class, (N, classes), balanced as liblinear has it; own: (N, classes)
    bool.
    """
    classes = own.shape[1]
    counts = np.bincount(labels, weights, minlength=classes)
    balance = counts.sum() / (classes * counts)  # (classes,)
    # the rest of two classes is the other one, which is balanced too
    rest = np.ones(classes)
    if classes == 2:
        rest = balance[::-1]
    cost = c * np.where(own, balance, rest)
    if weights is not None:
        cost = cost * weights[:, None]
    return cost


def _newton_step(
    z: np.ndarray, w: np.ndarray, b: np.ndarray, pull: np.ndarray, active: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton step of slopes and of offsets, and the decrement of the loss, (classes,) each.

    pull, active: (N, classes), first and second derivative of the loss in the margin y (w z + b).
    """
    # gradient
    g_w = w - z @ pull
    g_b = b - pull.sum(0)
    # the 2 x 2 Hessian of each class, inverted by its determinant
    h_ww = 1 + z**2 @ active
    h_wb = z @ active
    h_bb = 1 + active.sum(0)
    det = h_ww * h_bb - h_wb**2
    d_w = (h_bb * g_w - h_wb * g_b) / det
    d_b = (h_ww * g_b - h_wb * g_w) / det
    return d_w, d_b, g_w * d_w + g_b * d_b
