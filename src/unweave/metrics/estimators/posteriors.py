"""Densities of a stochastic code: q(z), the mixture of the posteriors of all rows, and what it says of the images.

In closed form there is nothing: every expectation is over samples z of q(z|x), one for each of some rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from unweave.metrics.tables.kinds import factor_levels
from unweave.metrics.tables.table import Table

SAMPLES = 1_000
PIECE = 2_000_000
WIDTHS = tuple(4.0**i for i in range(8))
Rows = Literal["sample", "all"]
LARGEST = 1e100
MATCHED = 100
ROUNDING = 1e-9  # nats that a log density may be off
LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Drawn:
    """Samples z (S, D) of the posteriors of `rows` (S,), and log q(z_d|x) of each at its own, (S, D)."""

    rows: np.ndarray
    z: np.ndarray
    own: np.ndarray


def missing(table: Table) -> str:
    """Why there are no posteriors to read, or ''."""
    if table.log_var is None:
        return "needs posteriors: give log_var (N, D) beside codes"
    sizes = np.abs(table.codes).max(initial=0), np.exp(0.5 * np.abs(table.log_var).max(initial=0))
    if max(sizes) > LARGEST:
        return f"codes and deviations of size {max(sizes):.0e} or its inverse are beyond what float64 can square"
    return ""


def draw(table: Table, samples: int = SAMPLES) -> Drawn:
    """One sample of each row, or of as many rows, drawn by their weights, as asked; by the table's seed."""
    assert table.log_var is not None
    rng = table.rng("samples of posteriors")
    w = row_weights(table)
    plain, samples = table.weights is None, table.most(samples)
    rows = rng.choice(table.n, min(samples, table.n) if plain else samples, replace=not plain, p=None if plain else w)
    noise = even_noise(rng, len(rows), table.codes.shape[1])
    log_var = table.log_var[rows]
    z = table.codes[rows] + np.exp(0.5 * log_var) * noise
    return Drawn(rows, z, -0.5 * (noise**2 + log_var + LOG_2PI))


def even_noise(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Standard normal noise (n, D), each column of which has mean 0 and variance 1 exactly (from 100 rows on).

    The terms of log q(z|x) are squares of it, and by itself their mean would be off by sqrt(D / 2n) nats: three times
    what is left to be off by.
    """
    noise = rng.standard_normal((n, d))
    if n < MATCHED:
        return noise
    noise -= noise.mean(0)
    return noise / np.sqrt((noise**2).mean(0))


def row_weights(table: Table) -> np.ndarray:
    """Weights of the rows, (N,), that sum to 1."""
    w = np.ones(table.n) if table.weights is None else table.weights
    return w / w.sum()


def densities(table: Table, z: np.ndarray, width: float = 1.0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Which samples, and log q(z|x_n) of them under the posterior of every row, (s, N), piece by piece.

    width: what the variances of the posteriors are multiplied by.
    """
    assert table.log_var is not None
    centre = table.codes.mean(0, dtype=np.float64)
    mean, precision = table.codes - centre, np.exp(-table.log_var) / width
    shifted = z - centre
    constant = (table.log_var + np.log(width) + LOG_2PI).sum(1)
    # the expanded square is one product of matrices, but loses what its largest term cannot hold
    largest = (np.maximum(np.abs(shifted).max(0), np.abs(mean).max(0)) ** 2 * precision.max(0)).sum()
    apart = _expanded if largest * np.finfo(np.float64).eps < ROUNDING else _direct
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
    most = log_density.max(1)
    return most + np.log(np.exp(log_density - most[:, None]) @ weights)


def aggregate(table: Table, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log q(z) (S,) and log q(z_d) (S, D) of samples z (S, D)."""
    assert table.log_var is not None
    w = row_weights(table)
    joint, marginal = np.empty(len(z)), np.empty(z.shape)
    for piece, log_density in densities(table, z):
        joint[piece] = log_mixture(log_density, w)
    mean, scale = table.codes.astype(np.float64), np.exp(0.5 * table.log_var)
    for d in range(z.shape[1]):
        for piece in np.array_split(np.arange(len(z)), max(1, len(z) * table.n // PIECE)):
            log_density = -0.5 * ((z[piece, d, None] - mean[:, d]) / scale[:, d]) ** 2 - np.log(scale[:, d])
            marginal[piece, d] = log_mixture(log_density, w) - 0.5 * LOG_2PI
    return joint, marginal


def about_images(table: Table) -> tuple[float, str]:
    """I(x; z) in nats, and a note where it is at its ceiling, the logarithm of the number of rows."""
    if "I(x; z)" not in table.cache:
        drawn = draw(table)
        w, joint = row_weights(table), np.empty(len(drawn.rows))
        for piece, log_density in densities(table, drawn.z):
            joint[piece] = log_mixture(log_density, w)
        table.cache["I(x; z)"] = float((drawn.own.sum(1) - joint).mean())
    found = table.cache["I(x; z)"]
    return max(found, 0.0), saturated(table, found)


def saturated(table: Table, information: float) -> str:
    """A note if I(x; z) is within 1 nat of log N, where it counts rows and says no more; or ''."""
    w = row_weights(table)
    ceiling = float(-(w * np.log(w)).sum())
    near = information > ceiling - 1
    return (
        f"I(x; z) is {information:.1f} nats, at its ceiling log N = {ceiling:.1f}: more rows, more nats" if near else ""
    )


def label_entropy(table: Table, v: np.ndarray) -> float:
    """H(v) in nats of levels (N,), -1 where unknown."""
    w = row_weights(table)[v >= 0]
    p = np.bincount(v[v >= 0], w)
    p = p[p > 0] / p.sum()
    return float(-(p * np.log(p)).sum())


def about_labels(table: Table, columns: list[np.ndarray], rows: Rows) -> np.ndarray:
    """I(v; z) in nats of each column of levels v (N,), -1 where unknown; (K,).

    rows: "all": the rows are all the images there are, and q(z|v) is the mixture of those with that label. "sample":
    others stand behind them, so a row's own posterior may not tell its label: H(v) + E log r(v|z), where r comes from
    the posteriors of the other rows, all widened by whichever of 8 factors tells most. As E log r <= E log q, that is
    a lower bound, and codes that know nothing of v get about 0, however narrow their posteriors are.
    """
    entropy = np.array([label_entropy(table, v) for v in columns])
    drawn, others = draw(table), rows == "sample"
    told = [_told(table, drawn, columns, others, width) for width in (WIDTHS if others else (1.0,))]
    return np.clip(entropy + np.max(told, 0), 0.0, entropy)


def _told(table: Table, drawn: Drawn, columns: list[np.ndarray], others: bool, width: float) -> np.ndarray:
    """Mean log r(v|z) of each column over the samples whose label is known."""
    w = row_weights(table)
    # as much doubt as a thousandth of a row, so that one stranger among the neighbours does not cost infinitely much
    doubt = 1e-3 / table.n if others else 0.0
    logs = np.full((len(columns), len(drawn.rows)), np.nan)
    for piece, log_density in densities(table, drawn.z, width):
        if others:
            log_density[np.arange(len(piece)), drawn.rows[piece]] = -np.inf
        density = np.exp(log_density - log_density.max(1, keepdims=True)) * w
        for k, v in enumerate(columns):
            level = v[drawn.rows[piece]]
            known, prior = v >= 0, np.bincount(np.maximum(v, 0), np.where(v >= 0, w, 0))
            same = (density * (v == level[:, None])).sum(1)
            share = doubt * prior[level] / prior.sum()
            told = np.log((same + share) / (density @ known + doubt), where=level >= 0, out=np.full(len(level), np.nan))
            logs[k, piece] = told
    return np.array([row[~np.isnan(row)].mean() if (~np.isnan(row)).any() else np.nan for row in logs])


def labels(table: Table, columns: tuple[int, ...] | None) -> list[np.ndarray]:
    """Levels (N,) of the factors with these numbers, all that vary by default; ValueError if there is no such factor."""
    v = factor_levels(table)
    if columns is None:
        return list(v.T)
    if not columns or len(set(columns)) < len(columns):
        raise ValueError(f"factors {columns} are named; name at least one, and each once")
    if unknown := [k for k in columns if k not in table.varying]:
        raise ValueError(f"there is no varying factor {unknown[0]}; there are {', '.join(map(str, table.varying))}")
    return [v[:, table.varying.index(k)] for k in columns]
