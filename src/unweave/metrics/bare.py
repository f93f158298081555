"""Metric from a bare function of codes and factors, which declares nothing: it has a value, but no
error.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from unweave.metrics.declares import Declares
from unweave.metrics.measured import Measured
from unweave.metrics.metric import Metric
from unweave.metrics.tables.table import Table
from unweave.tensors import plain

EXPECTED = (
    "a metric is a function (codes, factors) -> one number, or one under "
    "@unweave.metrics.base.metric"
)
DECLARES = Declares(
    measures=("what its author says",),
    range=(-math.inf, math.inf),
    cost="fit",
    error="none",
    no_error="no error: a bare function declares none",
)


def as_metric(found: Any, name: str = "") -> Metric:
    """A metric as it is, or the metric of a function (codes, factors) -> float. ValueError for
    anything else.

    name: by which it was given; of a function without one, "module:function".
    """
    if isinstance(found, Metric):
        return found
    if not name:
        module = getattr(found, "__module__", "")
        name = f"{module}:{getattr(found, '__qualname__', repr(found))}"
    if isinstance(found, type) or not callable(found):
        raise ValueError(f"{name} is no metric: {EXPECTED}")
    if not _takes_two(found):
        raise ValueError(f"{name} does not take codes and factors: {EXPECTED}")

    def measure(table: Table) -> Measured:
        return _measured(found, name, table)

    measure.__name__ = name
    measure.__doc__ = found.__doc__
    return Metric(measure, DECLARES)


def _takes_two(function: Callable[..., Any]) -> bool:
    """Whether it can be called with codes and factors; True where its arguments are unknown."""
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # written in C, without a signature
        return True
    return True


def _measured(function: Callable[..., Any], name: str, table: Table) -> Measured:
    """The number that a function returns for copies of the codes (N, D) and factors (N, K) of a
    table.

    ValueError if it raises, or returns anything else than one number.
    """
    try:
        returned = function(table.codes.copy(), table.factors.copy())
    except Exception as error:
        raise ValueError(
            f"{name} raised {type(error).__name__}: {' '.join(str(error).split())}"
        ) from error
    number = plain(returned)
    if isinstance(number, np.ndarray) and number.shape == ():
        number = number.item()
    if isinstance(number, bool) or not isinstance(number, (int, float, np.integer, np.floating)):
        shape = getattr(number, "shape", ())
        shown = f"{number!r:.60}".splitlines()[0]
        if shape:
            shown = f"an array of shape {shape}"
        raise ValueError(f"{name} returned {shown}; expected one number")
    estimator = f"{name}, a bare function"
    if not math.isfinite(number):
        return Measured(math.nan, estimator, reason=f"{name} returned {number}")
    return Measured(float(number), estimator)
