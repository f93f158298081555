"""How far a score can be trusted: its error, and what noise, a rotation and a perfect code would score.

Cheap metrics: delete-block jackknife with 20 blocks (the percentile bootstrap is invalid here: duplicated rows add
information that is not there). Metrics that fit models: five half-samples and one fit of each floor, on 2,000 rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from unweave.metrics.grouping import GroupTable
from unweave.metrics.tables import BLOCKS, Measured, Table

PERMUTATIONS, HALVES, ROWS = 5, 5, 2_000
T_JACKKNIFE, T_HALVES = 2.093, 2.776  # 97.5 % points of Student's t with 19 and 4 degrees of freedom


@dataclass(frozen=True)
class Band:
    """One number's error (standard error), centre and width of its interval, bias, and floors; NaN where unknown."""

    error: float = math.nan
    centre: float = math.nan
    reach: float = math.nan
    bias: float = math.nan
    null: float = math.nan
    rotated: float = math.nan
    ceiling: float = math.nan

    def interval(self, low: float, high: float) -> dict[str, float]:
        """Error, 95 % interval cut to the range of the metric, and null floor."""
        ends = np.clip([self.centre - self.reach, self.centre + self.reach], low, high)
        return {"error": self.error, "low": float(ends[0]), "high": float(ends[1]), "null": self.null}


@dataclass(frozen=True)
class Calibration:
    """The band of the value, of each scalar part, and what is missing."""

    value: Band = Band()
    parts: dict[str, Band] = field(default_factory=dict)
    reason: str = ""


def calibrate_by_jackknife(measure: Callable[..., Measured], table: Table | GroupTable, found: Measured) -> Calibration:
    """Delete-block jackknife; floors from 5 permutations, one rotation and the factors as codes.

    Under the library's own protocol the interval is centred on the jackknife-corrected value; under a plug-in
    protocol on the value itself, since that estimator at that N is what is asked for.
    """
    if table.n < 2 * BLOCKS:
        return Calibration(reason=f"{table.n} rows are too few for an error ({2 * BLOCKS} needed)")
    full = _numbers(found)
    without_one = _stack(measure(table.without(b)) for b in range(BLOCKS))
    error = np.sqrt((BLOCKS - 1) * without_one.var(0))
    if found.pairwise:
        without_two = _stack(measure(table.without(b, (b + 1) % BLOCKS)) for b in range(BLOCKS))
        error = _less_pairs(error, full, without_one, without_two)
    bias = (BLOCKS - 1) * (without_one.mean(0) - full)
    centre = full - bias if table.protocol == "unweave" else full
    null = _stack(measure(table.permuted(i)) for i in range(PERMUTATIONS)).mean(0)
    return _bands(found, error, centre, T_JACKKNIFE * error, bias, null, *_floors(measure, table, len(full)))


def _less_pairs(error: np.ndarray, full: np.ndarray, without_one: np.ndarray, without_two: np.ndarray) -> np.ndarray:
    """The jackknife's error without what it counts twice (Efron and Stein, 1981, section 5).

    The jackknife counts the variance of pairs of blocks twice, and shares of information among unrelated columns have
    much of it: errors of InfoM came out 1.3 to 1.6 times too large. Second differences over neighbouring pairs of
    blocks say how much. They overcount what comes from three and more blocks, so three quarters are taken away, and at
    most half of the variance. Where gaps switch between latents (MIG) they overcount more, and the plain error is right.
    """
    b = BLOCKS
    pairs = b * full - (b - 1) * (without_one + np.roll(without_one, -1, 0)) + (b - 2) * without_two
    twice = (b - 1) * (b - 2) ** 2 / (2 * b**3) * (pairs**2).mean(0)
    return np.sqrt(np.maximum(error**2 - 0.75 * twice, error**2 / 2))


def calibrate_by_fits(measure: Callable[..., Measured], table: Table | GroupTable, found: Measured) -> Calibration:
    """Error from 5 half-samples of at most 2,000 rows, scaled to the rows of the value; floors from one fit each.

    The spread of half-samples of n rows is the standard error at n rows, whatever the estimator's rate of bias.
    """
    full, small = _numbers(found), table.part(0, 1.0, ROWS)
    halves = _stack(measure(table.part(i, 0.5, ROWS)) for i in range(HALVES))
    error = halves.std(0, ddof=1) * math.sqrt(small.n / table.n)
    null = _numbers(measure(small.permuted(0)))
    unknown = np.full(len(full), math.nan)
    return _bands(found, error, full, T_HALVES * error, unknown, null, *_floors(measure, small, len(full)))


def _floors(measure: Callable[..., Measured], table: Table | GroupTable, length: int) -> tuple[np.ndarray, np.ndarray]:
    """What a rotation of the codes and the factors as codes score."""
    perfect = table.ceiling()
    ceiling = np.full(length, math.nan) if perfect is None else _numbers(measure(perfect))
    return _numbers(measure(table.rotated())), ceiling


def _numbers(found: Measured) -> np.ndarray:
    return np.array([found.value, *found.pieces.values()], float)


def _stack(measured: Iterable[Measured]) -> np.ndarray:
    return np.stack([_numbers(one) for one in measured])


def _bands(found: Measured, *columns: np.ndarray) -> Calibration:
    value, *parts = (Band(*map(float, row)) for row in zip(*columns, strict=True))
    return Calibration(value, dict(zip(found.pieces, parts, strict=True)))
