"""Log densities of samples under the posterior of every row, and their mixtures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from unweave.metrics.tables.table import Table

PIECE = 2_000_000  # densities that are computed at a time
ROUNDING = 1e-9  # nats that a log density may be off
LOG_2PI = float(np.log(2 * np.pi))  # that of maths.gaussian, which imports torch


def row_weights(table: Table) -> np.ndarray:
    """Weights of the rows, (N,), that sum to 1."""
    w = table.row_weights()
    return w / w.sum()


def densities(
    table: Table, z: np.ndarray, width: float = 1.0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Indices of samples (s,), and their log q(z|x_n) under the posterior of every row, (s, N),
    piece by piece.

    width: what the variances of the posteriors are multiplied by.
    """
    assert table.log_var is not None
    # about the mean of all codes, so that squares stay small
    centre = table.codes.mean(0, dtype=np.float64)
    mean = table.codes - centre
    precision = np.exp(-table.log_var) / width
    shifted = z - centre
    constant = (table.log_var + np.log(width) + LOG_2PI).sum(1)  # (N,)
    # the expanded square is one product of matrices, but loses digits to its largest term
    size = np.maximum(np.abs(shifted).max(0), np.abs(mean).max(0))  # (D,)
    largest = (size**2 * precision.max(0)).sum()
    apart = _direct
    if largest * np.finfo(np.float64).eps < ROUNDING:
        apart = _expanded
    # (s, N): -1/2 (sum over d of (z_d - mean_d)^2 / var_d + log 2 pi var_d)
    for piece in np.array_split(np.arange(len(z)), max(1, len(z) * table.n // PIECE)):
        yield piece, -0.5 * (apart(shifted[piece], mean, precision) + constant)


def _expanded(x: np.ndarray, mean: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Sum over d of (x_d - mean_d)^2 precision_d of samples x (s, D) and rows (N, D): (s, N)."""
    return x**2 @ precision.T - 2 * x @ (mean * precision).T + (mean**2 * precision).sum(1)


def _direct(x: np.ndarray, mean: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """As `_expanded`, column by column and without its cancellation."""
    found = np.zeros((len(x), len(mean)))
    for d in range(x.shape[1]):
        found += (x[:, d, None] - mean[:, d]) ** 2 * precision[:, d]
    return found


def log_mixture(log_density: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Log of the weighted sum over rows of densities (s, N), (s,)."""
    most = log_density.max(1)  # taken out, so that no sum of densities underflows
    return most + np.log(np.exp(log_density - most[:, None]) @ weights)
