"""Importance sampling, self-normalised, of a bound whose variables are partly labelled.

Siddharth et al. (2017).

The labelled variables y are clamped and the others, z, are drawn given their parents, so that a
draw has the weight w = product of q(y given its parents). For any order of y and z,

    E over q(z given x, y) of log p(x, y, z) / q(y, z given x)
        =  E over draws of w / mean(w) * log ratio
    q(y given x)  =  E over draws of w

Shapes: S draws, E alternatives that are summed over instead of drawn, B images.
"""

from __future__ import annotations

import math
from typing import Literal

from torch import Tensor

Evidence = Literal["log-mean", "mean"]


def expected(log_w: Tensor, log_ratio: Tensor) -> Tensor:
    """The mean of log_ratio (S, E, B) under the normalised weights, (B,); biased by O(1 / S).

    log_w: (S, E, B), -inf where an alternative contradicts a label. Its gradient is part of the
    objective's.
    """
    # over draws and alternatives together: (S, E, B) -> (S * E, B)
    weight = log_w.flatten(0, 1).softmax(0)
    return (weight * log_ratio.flatten(0, 1)).sum(0)


def log_evidence(log_w: Tensor, kind: Evidence = "log-mean") -> Tensor:
    """A lower bound, in expectation, of log q(y given x), (B,); 0 where nothing is labelled.

    kind: "log-mean" of the weights over draws, which is tight for many draws; or the "mean" of
    their logarithms, which is not.
    """
    each = log_w.logsumexp(1)  # the sum over alternatives: (S, E, B) -> (S, B)
    if kind == "mean":
        return each.mean(0)
    return each.logsumexp(0) - math.log(len(each))
