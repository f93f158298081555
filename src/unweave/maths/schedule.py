"""What changes with the step: plain functions of it, so that nothing has to be stored."""

from __future__ import annotations


def ramp(step: int, steps: int) -> float:
    """From 0 at step 0, linearly, to 1 at `steps` and after; 1 at once if `steps` is 0.

    >>> [ramp(s, 4) for s in (0, 1, 4, 9)]
    [0.0, 0.25, 1.0, 1.0]
    """
    return 1.0 if steps == 0 else min(1.0, step / steps)
