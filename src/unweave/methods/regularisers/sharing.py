"""Weights of penalties on columns that images of a group share (`Posterior.share`).

A penalty that is a sum over columns, or pairs of columns, is weighted term by term
(`of_two_columns`). One that is not, as a critic's or a kernel's, keeps the value of the whole code,
and its gradient for a shared column is weighted instead (`paid`). In both cases the shared columns
of a group have the gradient of one image, not of as many as it has.
"""

from __future__ import annotations

import torch
from torch import Tensor

from unweave.types import Posterior


def shares(q: Posterior, rows: slice) -> Tensor | None:
    """The share of each of the rows, (M, D); None where nothing is shared."""
    if q.share is None:
        return None
    return q.share.expand_as(q.mean)[rows]


def of_two_columns(q: Posterior, rows: slice) -> Tensor | None:
    """Mean weight of a term of two columns, (D, D), None if none is shared.

    It is 1, or the share where both columns are shared.
    """
    share = shares(q, rows)
    if share is None:
        return None
    both = torch.maximum(share[:, :, None], share[:, None])  # (M, D, D)
    return both.mean(0)


def paid(q: Posterior, t: Tensor) -> Tensor:
    """The tensor t, of the mean's shape, with the same value and gradients scaled by the share."""
    if q.share is None:
        return t
    return t.detach() + q.share * (t - t.detach())
