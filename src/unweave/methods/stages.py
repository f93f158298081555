"""Two stages of a method that trains first one set of networks, then another: boundary, rates."""

from __future__ import annotations

import math
from collections.abc import Callable


def end_of_first(share: float, steps: int) -> int:
    """The step at which stage 2 begins, at least 1. ValueError if it has no share of the run.

    >>> end_of_first(0.6, 1000)
    600
    """
    if share >= 1:
        raise ValueError(
            f"first is {share:g}: stage 2 needs a share of the run, so choose less than 1"
        )
    return max(1, round(share * steps))


def cosine_rate(first: float, last: float, steps: int) -> Callable[[int], float]:
    """A learning rate by step: from `first` at step 0 to `last` at `steps` and after, a cosine.

    >>> [round(cosine_rate(0.5, 0.1, 4)(step), 2) for step in (0, 2, 4, 9)]
    [0.5, 0.3, 0.1, 0.1]
    """

    def rate(step: int) -> float:
        done = min(1, step / steps)
        return last + (first - last) * 0.5 * (1 + math.cos(math.pi * done))

    return rate
