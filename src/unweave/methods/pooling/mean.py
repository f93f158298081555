"""The average of a group's means and of its variances: GVAE (Hosoya, 2019, eq. 6)."""

from __future__ import annotations

from torch import Tensor

from unweave.maths.gaussian import mixture
from unweave.methods.pooling.base import GroupPooling


class Mean(GroupPooling):
    """Joins the content of a group by averaging; the variance does not shrink with the group."""

    def join(self, mean: Tensor, log_var: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
        return mixture(mean, log_var, weight)
