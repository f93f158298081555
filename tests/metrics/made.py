"""Codes and factors whose scores are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unweave.metrics import calibration, metric
from unweave.metrics.base import Measured
from unweave.metrics.calibration import Calibration, ErrorPlan

SIZES = (4, 5, 6, 4)


def factors(n: int, seed: int = 0, sizes: tuple[int, ...] = SIZES) -> np.ndarray:
    """Independent factors, uniform indices (n, K)."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(size, size=n) for size in sizes], 1)


def scaled(v: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and variance 1."""
    return (v - v.mean(0)) / v.std(0)


def good_code(
    n: int, seed: int = 0, noise: float = 0.1, sizes: tuple[int, ...] = SIZES
) -> tuple[np.ndarray, np.ndarray]:
    """Each latent a factor and a little noise: codes (n, K) and factors (n, K)."""
    v = factors(n, seed, sizes)
    return scaled(v) + noise * np.random.default_rng([seed, 1]).standard_normal(v.shape), v


def turned(z: np.ndarray, degrees: float) -> np.ndarray:
    """Latents turned in pairs."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    out = z.copy()
    for i in range(0, z.shape[1] - 1, 2):
        out[:, i : i + 2] = z[:, i : i + 2] @ np.array([[c, -s], [s, c]])
    return out


def whole_grid(sizes: tuple[int, ...] = (4, 5, 6)) -> np.ndarray:
    """Every combination of factors once."""
    return np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), -1).reshape(-1, len(sizes))


def values_only(patch: pytest.MonkeyPatch) -> None:
    """Scores come without errors and floors, which take 30 measurements: for tests that look at values alone."""

    def bare(measure: Any, table: Any, found: Measured, plan: ErrorPlan) -> Calibration:
        if plan.corrected:  # the value itself needs the jackknife
            return calibration.calibrate(measure, table, found, plan)
        return calibration.uncalibrated(found, "")

    patch.setattr(metric, "calibrate", bare)


def few_groups(patch: pytest.MonkeyPatch) -> None:
    """Draw 600 and 300 groups from a table in place of 10,000 and 5,000, for tests of what does not depend on them."""
    patch.setattr("unweave.metrics.tables.grouping.FIT_GROUPS", 600)
    patch.setattr("unweave.metrics.tables.grouping.TEST_GROUPS", 300)
