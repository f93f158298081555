"""What changes with the step: plain functions of it, so that nothing has to be stored."""

from __future__ import annotations

from typing import Literal

Schedule = Literal["fixed", "ramp", "fine-tune"]


def ramp(step: int, steps: int) -> float:
    """From 0 at step 0, linearly, to 1 at `steps` and after; 1 at once if `steps` is 0.

    >>> [ramp(s, 4) for s in (0, 1, 4, 9)]
    [0.0, 0.25, 1.0, 1.0]
    """
    return 1.0 if steps == 0 else min(1.0, step / steps)


def scheduled(step: int, schedule: Schedule, steps: int) -> float:
    """A factor from 0 to 1: always 1 (fixed), a ramp over the first `steps`, or 0 for these and then 1 (fine-tune).

    >>> [[scheduled(s, kind, 4) for s in (0, 1, 4, 9)] for kind in ("fixed", "ramp", "fine-tune")]
    [[1.0, 1.0, 1.0, 1.0], [0.0, 0.25, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]]
    """
    if schedule == "fixed":
        return 1.0
    return ramp(step, steps) if schedule == "ramp" else float(step >= steps)
