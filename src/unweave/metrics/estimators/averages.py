"""Mean of the defined values, without NaN, which most metrics take over factors."""

from __future__ import annotations

import math

import numpy as np


def mean(parts: np.ndarray) -> float:
    """Mean of the parts that are defined, NaN if there is none."""
    defined = parts[~np.isnan(parts)]
    if not len(defined):
        return math.nan
    return float(defined.mean())
