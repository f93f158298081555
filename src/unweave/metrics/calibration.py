"""Calibration of a score: its error and interval, null floor, score of a rotation, and ceiling of a
perfect code.

A metric declares where its error comes from (`replicates.py`) and whether its bias is corrected.
The value that is shown is the one that the interval is about: the corrected one where bias is
corrected, else the one that was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from unweave.metrics.measured import Measured
from unweave.metrics.replicates import SPLITS, by_halves, by_jackknife, numbers
from unweave.metrics.tables.any_table import AnyTable
from unweave.metrics.tables.changed_rows import BLOCKS

PERMUTATIONS = {"cheap": 5, "fit": 1}
DOUBT = 0.5  # share of a correction that the interval holds uncertain
ROUNDING = 1e-12

Measure = Callable[..., Measured]


@dataclass(frozen=True)
class Band:
    """One number as it is shown, its error (standard error), half the width of its interval, bias
    and floors.

    value: less its bias where that is corrected, and not yet cut to its range: an estimate of 0 may
        lie below, and its interval is about where it lies. bias: of what was measured. NaN where
        not measured.
    """

    value: float
    error: float = math.nan
    reach: float = math.nan
    bias: float = math.nan
    null: float = math.nan
    rotated: float = math.nan
    ceiling: float = math.nan

    def within(self, low: float, high: float) -> dict[str, float]:
        """All of it as fields of a score, cut to a range: value, error, low, high, null, rotated,
        ceiling, bias.
        """

        def cut(x: float) -> float:
            return float(np.clip(x, low, high))

        return {
            "value": cut(self.value),
            "error": self.error,
            "low": cut(self.value - self.reach),
            "high": cut(self.value + self.reach),
            "null": cut(self.null),
            "rotated": cut(self.rotated),
            "ceiling": cut(self.ceiling),
            "bias": self.bias,
        }


@dataclass(frozen=True)
class ErrorPlan:
    """How a metric's error is found: its cost, "cheap" or "fit", "jackknife", "halves" or "none",
    and whether bias is corrected.

    floors: whether it has any. no_error: why it has no error.
    """

    cost: str
    error: str
    corrected: bool
    floors: bool = True
    no_error: str = ""


@dataclass(frozen=True)
class Calibration:
    """The bands of the value and of each scalar part; corrected: whether bias was taken off; and
    what is missing.
    """

    value: Band
    parts: dict[str, Band] = field(default_factory=dict)
    corrected: bool = False
    reason: str = ""


def calibrate(measure: Measure, table: AnyTable, found: Measured, plan: ErrorPlan) -> Calibration:
    """Error and interval, and floors from permutations, one rotation and the factors as codes.

    Floors are corrected as the value is, so that they compare with it.
    """
    bands = intervals(measure, table, found, plan)
    if not plan.floors or _too_few(table):
        return bands
    less_bias = bands.corrected
    names = tuple(found.pieces)
    permutations = range(PERMUTATIONS[plan.cost])
    # (1 + pieces,) each: of the value and of its pieces
    null = np.mean([_floor(measure, table.permuted(i), names, less_bias) for i in permutations], 0)
    rotated = _floor(measure, table.rotated(), names, less_bias)
    perfect = table.ceiling()
    ceiling = np.full(len(null), math.nan)
    if perfect is not None:
        ceiling = _floor(measure, perfect, names, less_bias)
    value, *parts = (
        replace(band, null=float(a), rotated=float(b), ceiling=float(c))
        for band, a, b, c in zip(
            (bands.value, *bands.parts.values()), null, rotated, ceiling, strict=True
        )
    )
    return replace(bands, value=value, parts=dict(zip(bands.parts, parts, strict=True)))


def intervals(measure: Measure, table: AnyTable, found: Measured, plan: ErrorPlan) -> Calibration:
    """The value and its parts as they are shown, with error and interval; floors are NaN."""
    too_few = _too_few(table)
    if too_few:
        return uncalibrated(found, too_few)
    if plan.error == "none":
        bare = {name: Band(float(number)) for name, number in found.pieces.items()}
        return Calibration(Band(found.value), bare, reason=plan.no_error)
    if plan.error == "jackknife":
        spread = by_jackknife(measure, table, found)
    else:
        splits = SPLITS[plan.cost]
        if table.redrawn:
            splits = SPLITS["fit"]
        spread = by_halves(measure, table, splits, tuple(found.pieces))
    # the protocols of other code bases are plug-in estimates at that N
    corrected = plan.corrected and table.protocol == "unweave"
    shown = numbers(found)
    reach = spread.reach
    if corrected:
        # an exact 1 stays one, and what has no bias because a part of the rows cannot be scored
        # stays as it is
        bias = np.where(np.abs(spread.bias) > ROUNDING, spread.bias, 0.0)
        shown = shown - bias
        reach = np.hypot(reach, DOUBT * bias)
    # (1 + pieces,) each -> one band for the value, and one for each piece
    value, *parts = (
        Band(*map(float, row)) for row in zip(shown, spread.error, reach, spread.bias, strict=True)
    )
    reason = ""
    if math.isfinite(value.value) and math.isnan(value.error):
        reason = "no error: a part of the rows cannot be scored"
    return Calibration(value, dict(zip(found.pieces, parts, strict=True)), corrected, reason)


def uncalibrated(found: Measured, reason: str) -> Calibration:
    """What was found and nothing else."""
    return Calibration(Band(found.value), reason=reason)


def _too_few(table: AnyTable) -> str:
    """Why a table has too few rows for an error, or ''."""
    if table.rows_behind >= 2 * BLOCKS:
        return ""
    return f"{table.rows_behind} rows are too few for an error ({2 * BLOCKS} needed)"


def _floor(
    measure: Measure, table: AnyTable, names: tuple[str, ...], less_bias: bool
) -> np.ndarray:
    """What a changed table scores, the value and its pieces; less its bias if the value is.

    The bias is what two halves of the rows give more: 2 evaluations where a jackknife takes 20.
    """
    plain = numbers(measure(table), names)
    if not less_bias:
        return plain
    first, second = (numbers(measure(half), names) for half in table.halves(0))
    return 2 * plain - (first + second) / 2
