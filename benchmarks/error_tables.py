"""Tables of codes and factors with known distributions, for `errors.py`: turned pairs of latents, and bent ones."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np

from unweave.metrics import GroupTable, Metric, Table

MANY = 200_000
Codes = tuple[np.ndarray, np.ndarray]


def turned(n: int, rng: np.random.Generator) -> Codes:
    """Codes (n, 6) and factors (n, 4): pairs of latents that share two factors, and noise."""
    sizes = np.array([6, 6, 5, 8])
    v = rng.integers(sizes, size=(n, 4))
    # Standardised by the distribution: standardised by their own mean and deviation, tables would be too similar.
    z = (v - (sizes - 1) / 2) / np.sqrt((sizes**2 - 1) / 12) + 0.1 * rng.standard_normal(v.shape)
    c = math.cos(math.radians(20))
    s = math.sin(math.radians(20))
    pairs = z.reshape(n, 2, 2) @ np.array([[c, -s], [s, c]])
    return np.hstack([pairs.reshape(n, 4), 0.01 * rng.standard_normal((n, 2))]), v.astype(float)


def bent(n: int, rng: np.random.Generator) -> Codes:
    """Codes (n, 6) and factors (n, 4): continuous and dependent factors, nonlinear and mixed latents, and noise."""
    a = rng.uniform(-1, 1, n)
    b = rng.standard_normal(n)
    shape = rng.integers(4, size=n)
    colour = np.where(rng.random(n) < 0.3, shape % 3, rng.integers(3, size=n))
    means = [
        np.tanh(1.5 * b),
        a + 0.3 * shape,
        np.sin(2 * a),
        shape + 0.5 * np.abs(b),
        colour,
        np.zeros(n),
    ]
    z = np.stack(means, 1) + np.array([0.2, 0.2, 0.3, 0.3, 0.3, 1.0]) * rng.standard_normal((n, 6))
    return z, np.stack([a, b, shape, colour], 1)


KINDS = {"turned": turned, "bent": bent}


@functools.cache
def moments_of(kind: str) -> Codes:
    """Mean and deviation of each latent, (6,), of very many rows."""
    z, _ = KINDS[kind](MANY, np.random.default_rng(0))
    return z.mean(0), z.std(0)


def table_of(metric: Metric, kind: str, n: int, seed: int) -> Table | GroupTable:
    """A new table for a metric, without expensive parts that have no error (InfoE, R2 of a kernel)."""
    rng = np.random.default_rng([seed, n])
    z, v = KINDS[kind](n, rng)
    reads = metric.declares.tables
    if reads == "classes":
        label = v[:, 2].astype(int)
        category = np.where(rng.random(n) < 0.7, label, rng.integers(label.max() + 1, size=n))
        return Table.of(np.eye(label.max() + 1)[category], label[:, None])
    log_var = None
    mean, deviation = moments_of(kind)
    if reads in ("groups", "pairs"):
        z = z / deviation + 1.5 * rng.standard_normal(
            z.shape
        )  # with less noise every group is identified
    if reads == "posteriors":
        z = (z - mean) / deviation * np.array([1, 1, 1, 1, 1, 0.1])
        log_var = 2 * np.log([0.3, 0.3, 0.3, 0.3, 0.3, 1.0]) + 0.2 * rng.standard_normal(z.shape)
    factors = None if reads == "codes" else v
    table = replace(Table.of(z, factors, log_var=log_var), whole=False)
    if reads in ("groups", "pairs"):
        return GroupTable.drawn_from(table, pairs=reads == "pairs")
    return table
