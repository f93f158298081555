"""Plan of an evaluation: the rows to encode for its metrics, and the metrics that these allow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unweave.evaluation.encoding import Plan, plan_rows
from unweave.evaluation.scoring import MetricOrName, get, names_of
from unweave.evaluation.tables import Encoded
from unweave.metrics.score import Score
from unweave.metrics.tables.rows import FIT_ROWS

if TYPE_CHECKING:
    from unweave.data.base import Dataset


def planned(
    source: Dataset,
    names: list[MetricOrName] | str | None,
    *,
    n: int | None,
    protocol: str,
    **more: Any,
) -> Plan:
    """The rows that these metrics need. ValueError if n is not a whole number of at least 2."""
    if n is None:
        n = FIT_ROWS
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 2:
        raise ValueError(f"n is {n!r}; it has to be a whole number of images, at least 2")
    known = None
    if names is not None and names != "all":
        known = names_of(names, None)  # ValueError for an unknown name, before the work
    groups = protocol.startswith("dlib") and _wants_groups(known)
    return plan_rows(source, n=int(n), protocol=protocol, groups=groups, **more)


def wanted_of(names: list[MetricOrName] | str | None, tables: Encoded) -> list[MetricOrName]:
    """The requested metrics; where they are not named, class_accuracy too if there are classes."""
    wanted = names_of(names, tables.posteriors)
    by_default = names is None or names == "all"
    if by_default and "classes" in tables.others:
        return [*wanted, "class_accuracy"]
    return wanted


def _wants_groups(names: list[MetricOrName] | None) -> bool:
    return names is None or any(get(name).declares.tables in ("groups", "pairs") for name in names)


def noted(found: Score, note: str) -> Score:
    """The score with one more note in its reason."""
    if found.reason:
        note = f"{found.reason}; {note}"
    return replace(found, reason=note)
