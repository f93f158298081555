"""What one image pays, beside its KL, of the columns that it shares with the others of its group (`Posterior.share`).

A penalty that is a sum over columns, or pairs of columns, is weighed term by term (`of_two_columns`). One that is not, as
a critic's or a kernel's, cannot be taken apart: its value is that of the whole code, and what it does to a shared column
is weighed instead (`paid`). Either way a group moves its shared columns as one image, and not as many.
"""

from __future__ import annotations

import torch
from torch import Tensor

from unweave.types import Posterior


def shares(q: Posterior, rows: slice) -> Tensor | None:
    """The share of each of the rows, (M, D); None where nothing is shared."""
    return None if q.share is None else q.share.expand_as(q.mean)[rows]


def of_two_columns(q: Posterior, rows: slice) -> Tensor | None:
    """What an image pays on average of a term of two columns, (D, D): all, but its share where both are shared."""
    share = shares(q, rows)
    return None if share is None else torch.maximum(share[:, :, None], share[:, None]).mean(0)


def paid(q: Posterior, t: Tensor) -> Tensor:
    """The tensor t, of the mean's shape, the same in value, with gradients that are scaled by the share."""
    return t if q.share is None else t.detach() + q.share * (t - t.detach())
