"""Statistics of stated errors and intervals over tables, and whether they fail, for `errors.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

RATIO = (0.8, 1.4)  # of stated error and spread
COVERAGE = 0.9  # of intervals of 95 %


def cell(
    of: dict[str, np.ndarray], truth: float, between: tuple[float, float], corrected: bool
) -> dict[str, Any]:
    """The statistics of one number over the tables, see `error_page.ABOUT`.

    of: values, errors, bounds of intervals, ... of each table, (tables,). truth: the limit.
    """
    value = of["uncut"]  # (tables,)
    mean = float(value.mean())
    spread = 0.0
    ratio = math.nan
    if np.ptp(value) > 1e-9:
        spread = float(value.std(ddof=1))
        ratio = float(of["error"].mean() / spread)
    # with its bias corrected where it is not, and the other way round
    other = of["measured"]
    if not corrected:
        other = of["measured"] - of["bias"]
    return {
        "value": mean,
        "spread": spread,
        "ratio": ratio,
        "holds_mean": _share(of, float(np.clip(mean, *between))),
        "holds_limit": _share(of, float(np.clip(truth, *between))),
        "corrected": corrected,
        "limit": truth,
        "off": float(np.sqrt(np.mean((value - truth) ** 2))),
        "otherwise": float(np.sqrt(np.mean((other - truth) ** 2))),
        "outside": int(np.sum((of["value"] < of["low"]) | (of["value"] > of["high"]))),
    }


def fails(row: dict[str, Any]) -> list[str]:
    """The failures of a cell: "error", "coverage", "outside"."""
    from scipy.stats import binom, chi2

    holds = row["holds_mean"]
    if row["corrected"]:
        holds = row["holds_limit"]
    hits = round(holds * row["tables"])
    wrong = []
    # the 95 % interval of the ratio, by the chi-squared distribution of the squared spread
    free = row["tables"] - 1
    least, most = (row["ratio"] * math.sqrt(chi2.ppf(p, free) / free) for p in (0.025, 0.975))
    if most < RATIO[0] or least > RATIO[1]:
        wrong.append("error")
    if binom.cdf(hits, row["tables"], COVERAGE) < 0.025:
        wrong.append("coverage")
    if row["outside"]:
        wrong.append("outside")
    return wrong


def _share(of: dict[str, np.ndarray], truth: float) -> float:
    """The share of the intervals that contain a value; NaN if it is not known."""
    if math.isnan(truth):
        return math.nan
    slack = 1e-12
    inside = (of["low"] - slack <= truth) & (truth <= of["high"] + slack)
    return float(inside.mean())
