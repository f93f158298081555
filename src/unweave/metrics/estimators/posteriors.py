"""Information of a stochastic code: q(z) as the mixture of the posteriors of all rows, I(x; z) and
I(v; z).

None of these has a closed form: every expectation is over samples z of q(z|x), one for each of some
rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from unweave.metrics.estimators.averages import mean
from unweave.metrics.estimators.densities import LOG_2PI, PIECE, densities, log_mixture, row_weights
from unweave.metrics.tables.kinds import factor_levels
from unweave.metrics.tables.table import Table

SAMPLES = 1_000
# factors that widen the variances of the other rows' posteriors
WIDTHS = tuple(4.0**i for i in range(8))
RowsUsed = Literal["sample", "all"]
LARGEST = 1e100  # size of codes whose squares float64 can represent
MATCHED = 100  # samples from which noise is standardised


@dataclass(frozen=True)
class DrawnCodes:
    """Samples z (S, D) of the posteriors of `rows` (S,), and log q(z_d|x) of each at its own,
    (S, D).
    """

    rows: np.ndarray
    z: np.ndarray
    own: np.ndarray


def missing(table: Table) -> str:
    """Why there are no posteriors to read, or ''."""
    if table.log_var is None:
        return "needs posteriors: give log_var (N, D) beside codes"
    of_codes = np.abs(table.codes).max(initial=0)
    of_deviations = np.exp(0.5 * np.abs(table.log_var).max(initial=0))
    largest = max(of_codes, of_deviations)
    if largest > LARGEST:
        size = f"codes and deviations of size {largest:.0e} or its inverse"
        return f"{size} are beyond what float64 can square"
    return ""


def draw(table: Table, samples: int = SAMPLES) -> DrawnCodes:
    """One sample of the posterior of each of S rows at random, by the table's seed; weighted rows
    with replacement.
    """
    assert table.log_var is not None
    rng = table.rng("samples of posteriors")
    samples = table.most(samples)
    if table.weights is None:
        rows = rng.choice(table.n, min(samples, table.n), replace=False)
    else:
        rows = rng.choice(table.n, samples, replace=True, p=row_weights(table))
    # z = mean + deviation * noise, whose log density is in the noise alone
    noise = even_noise(rng, len(rows), table.codes.shape[1])
    log_var = table.log_var[rows]
    z = table.codes[rows] + np.exp(0.5 * log_var) * noise  # (S, D)
    return DrawnCodes(rows, z, -0.5 * (noise**2 + log_var + LOG_2PI))


def even_noise(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Standard normal noise (n, D), each column of which has mean 0 and variance 1 exactly (from
    100 rows on).

    The terms of log q(z|x) are squares of it; without this their mean would have an error of sqrt(D
    / 2n) nats, three times the error that is left.
    """
    noise = rng.standard_normal((n, d))
    if n < MATCHED:
        return noise
    noise -= noise.mean(0)
    return noise / np.sqrt((noise**2).mean(0))


def aggregate(table: Table, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log q(z) (S,) and log q(z_d) (S, D) of samples z (S, D)."""
    assert table.log_var is not None
    w = row_weights(table)
    joint = np.empty(len(z))
    marginal = np.empty(z.shape)
    # log q(z): the mixture of the posteriors of all N rows
    for piece, log_density in densities(table, z):
        joint[piece] = log_mixture(log_density, w)
    # log q(z_d): the same of each latent by itself
    mean = table.codes.astype(np.float64)
    scale = np.exp(0.5 * table.log_var)
    for d in range(z.shape[1]):
        for piece in np.array_split(np.arange(len(z)), max(1, len(z) * table.n // PIECE)):
            distance = (z[piece, d, None] - mean[:, d]) / scale[:, d]  # (s, N)
            log_density = -0.5 * distance**2 - np.log(scale[:, d])
            marginal[piece, d] = log_mixture(log_density, w) - 0.5 * LOG_2PI
    return joint, marginal


def about_images(table: Table) -> tuple[float, str]:
    """I(x; z) in nats, and a note where it is at its ceiling, the log of the number of rows."""
    if "I(x; z)" not in table.cache:
        drawn = draw(table)
        w = row_weights(table)
        joint = np.empty(len(drawn.rows))
        for piece, log_density in densities(table, drawn.z):
            joint[piece] = log_mixture(log_density, w)
        # mean of log q(z|x) - log q(z) over the samples
        table.cache["I(x; z)"] = float((drawn.own.sum(1) - joint).mean())
    found = table.cache["I(x; z)"]
    return max(found, 0.0), saturated(table, found)


def saturated(table: Table, information: float) -> str:
    """A note if I(x; z) is within 1 nat of log N, where the estimate saturates; or ''."""
    w = row_weights(table)
    ceiling = float(-(w * np.log(w)).sum())  # log N of equal weights
    if information <= ceiling - 1:
        return ""
    at_ceiling = f"at its ceiling log N = {ceiling:.1f}: more rows, more nats"
    return f"I(x; z) is {information:.1f} nats, {at_ceiling}"


def label_entropy(table: Table, v: np.ndarray) -> float:
    """H(v) in nats of levels (N,), -1 where unknown."""
    w = row_weights(table)[v >= 0]
    p = np.bincount(v[v >= 0], w)
    p = p[p > 0] / p.sum()
    return float(-(p * np.log(p)).sum())


def about_labels(table: Table, columns: list[np.ndarray], rows: RowsUsed) -> np.ndarray:
    """I(v; z) in nats of each column of levels v (N,), -1 where unknown; (K,).

    rows: "all": the rows are all the images there are, and q(z|v) is the mixture of those with that
    label. "sample": the rows are a sample of more images, so a row's own posterior may not predict
    its label: H(v) + E log r(v|z), where r comes from the posteriors of the other rows, all widened
    by whichever of 8 factors gives the most. As E log r <= E log q, that is a lower bound, and
    codes without information on v get about 0, however narrow their posteriors are.
    """
    entropy = np.array([label_entropy(table, v) for v in columns])
    drawn = draw(table)
    others = rows == "sample"
    widths: tuple[float, ...] = (1.0,)
    if others:
        widths = WIDTHS
    # (widths, K) -> (K,): the width with the largest E log r
    logs = [_mean_log_share(table, drawn, columns, others, width) for width in widths]
    return np.clip(entropy + np.max(logs, 0), 0.0, entropy)


def _mean_log_share(
    table: Table, drawn: DrawnCodes, columns: list[np.ndarray], others: bool, width: float
) -> np.ndarray:
    """Mean log r(v|z) of each column over the samples whose label is known, (K,)."""
    w = row_weights(table)
    # a prior as heavy as a thousandth of a row, so that a neighbour with another label does not
    # cost infinitely much
    doubt = 0.0
    if others:
        doubt = 1e-3 / table.n
    logs = np.full((len(columns), len(drawn.rows)), np.nan)
    for piece, log_density in densities(table, drawn.z, width):
        # a row does not count among those that predict its own label
        if others:
            log_density[np.arange(len(piece)), drawn.rows[piece]] = -np.inf
        density = np.exp(log_density - log_density.max(1, keepdims=True)) * w  # (s, N)
        for k, v in enumerate(columns):
            level = v[drawn.rows[piece]]  # (s,): the label of each sample
            known = v >= 0  # (N,)
            prior = np.bincount(np.maximum(v, 0), np.where(known, w, 0))
            # the share of the density that comes from rows with the same label
            same = (density * (v == level[:, None])).sum(1)
            share = doubt * prior[level] / prior.sum()
            ratio = (same + share) / (density @ known + doubt)
            logs[k, piece] = np.log(ratio, where=level >= 0, out=np.full(len(level), np.nan))
    return np.array([mean(row) for row in logs])


def labels(table: Table, columns: tuple[int, ...] | None) -> list[np.ndarray]:
    """Levels (N,) of the factors with these numbers, all that vary by default; ValueError if there
    is no such factor.
    """
    v = factor_levels(table)
    if columns is None:
        return list(v.T)
    if not columns or len(set(columns)) < len(columns):
        raise ValueError(f"factors {columns} are named; name at least one, and each once")
    unknown = [k for k in columns if k not in table.varying]
    if unknown:
        varying = ", ".join(map(str, table.varying))
        raise ValueError(f"there is no varying factor {unknown[0]}; there are {varying}")
    return [v[:, table.varying.index(k)] for k in columns]
