"""Result of a metric's function on one table: the value, its parts, and how they were estimated."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Measured:
    """What a metric found in one table, before errors and floors.

    value: NaN with a `reason` where it is undefined. estimator: how it was computed, in a few
        words.
    pieces: scalar parts. latents, factors: parts with one value per latent (D,) or factor (K,) of
        the table.
    matrix: (D, K). n: rows used, 0 for all. cheap: False where an option made a cheap metric
        costly.
    pairwise: whether much of the variance is of pairs of rows (shares of noise), which the
        jackknife counts twice.
    """

    value: float
    estimator: str
    pieces: dict[str, float] = field(default_factory=dict)
    latents: dict[str, np.ndarray] = field(default_factory=dict)
    factors: dict[str, np.ndarray] = field(default_factory=dict)
    matrix: np.ndarray | None = None
    reason: str = ""
    n: int = 0
    cheap: bool = True
    pairwise: bool = False
