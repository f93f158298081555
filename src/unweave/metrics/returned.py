"""Check of what a metric's function returned for a table: each wrong part is named with its shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from unweave.metrics.measured import Measured
from unweave.metrics.tables.any_table import AnyTable
from unweave.metrics.tables.arguments import function_name
from unweave.text import kind, with_article

OF_PARTS = (("latents", "latent", "(D,)"), ("factors", "factor", "(K,)"))


def refuse_unmeasured(found: Any, measure: Callable[..., Any], table: AnyTable) -> None:
    """ValueError, with the name of the function, unless it returned `Measured` as its fields say."""
    name = function_name(measure)
    if not isinstance(found, Measured):
        raise ValueError(
            f"{name} returned {kind(found)}; expected Measured(value, how) of a metric under @metric"
        )
    problem = _wrong(found, table)
    if problem:
        raise ValueError(f"{name} returned Measured with {problem}")


def _wrong(found: Measured, table: AnyTable) -> str:
    """What is wrong with a field, and what is expected; "" if nothing is."""
    if not _is_number(found.value):
        return f"a value that is {_came(found.value)}; expected one number"
    for field in ("estimator", "reason"):
        if not isinstance(getattr(found, field), str):
            return f"{with_article(field)} that is {kind(getattr(found, field))}; expected a text"
    for field in ("pieces", "latents", "factors"):
        if not isinstance(getattr(found, field), Mapping):
            return f"{field} that are {kind(getattr(found, field))}; expected parts by name"
    for part, number in found.pieces.items():
        if not _is_number(number):
            return f"the piece {part!r} that is {_came(number)}; expected one number"
    of = {"latents": table.latents, "factors": table.varying}
    for field, one, axes in OF_PARTS:
        for part, values in getattr(found, field).items():
            if np.shape(values) != (len(of[field]),):
                return (
                    f"{field} {part!r} that is {_came(values)}; "
                    f"expected a number for each {one} of the table, {axes}: ({len(of[field])},)"
                )
    if found.matrix is not None and not isinstance(found.matrix, np.ndarray):
        return f"a matrix that is {kind(found.matrix)}; expected an array (D, K)"
    return ""


def _is_number(value: Any) -> bool:
    real = isinstance(value, int | float | np.integer | np.floating)
    return real and not isinstance(value, bool)


def _came(value: Any) -> str:
    """A value by its type, and its shape if it has one."""
    shape = getattr(value, "shape", None)
    if shape is None:
        return kind(value)
    return f"{kind(value)} of shape {tuple(shape)}"
