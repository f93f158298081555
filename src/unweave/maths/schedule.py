"""Schedules as pure functions of the step, without state to store."""

from __future__ import annotations

from typing import Literal

Schedule = Literal["fixed", "ramp", "fine-tune"]


def ramp(step: int, steps: int) -> float:
    """A linear ramp from 0 at step 0 to 1 at `steps` and after; 1 throughout if `steps` is 0.

    >>> [ramp(s, 4) for s in (0, 1, 4, 9)]
    [0.0, 0.25, 1.0, 1.0]
    """
    if steps == 0:
        return 1.0
    return min(1.0, step / steps)


def scheduled(step: int, schedule: Schedule, steps: int) -> float:
    """A factor in [0, 1]: 1 (fixed), a ramp over `steps`, or 0 in these and then 1 (fine-tune).

    >>> [[scheduled(s, kind, 4) for s in (0, 1, 4, 9)] for kind in ("fixed", "ramp", "fine-tune")]
    [[1.0, 1.0, 1.0, 1.0], [0.0, 0.25, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]]
    """
    if schedule == "fixed":
        return 1.0
    if schedule == "ramp":
        return ramp(step, steps)
    return float(step >= steps)
