"""The product of a group's posteriors: ML-VAE (Bouchacourt et al., 2018, eq. 7).

Precisions add up, so the variance falls as 1/M. A row that occurs more than once in its group
counts once.

**Departures**: the prior is not in the product, as in the authors' code. Mode "geometric" divides
the precision by M, which is what disentanglement_lib calls ML-VAE.
"""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor

from unweave.maths.gaussian import geometric, product
from unweave.methods.pooling.base import Content, GroupPooling
from unweave.settings import Setting


class Product(GroupPooling):
    """Joins the content of a group by the product of its densities, or by their geometric mean."""

    def __init__(
        self,
        latents: int,
        *,
        content: Content = 0,
        mode: Annotated[
            Literal["product", "geometric"], Setting("whether precisions are summed or averaged")
        ] = "product",
    ):
        super().__init__(latents, content=content)
        self.mode = mode

    def join(self, mean: Tensor, log_var: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
        if self.mode == "product":
            return product(mean, log_var, weight)
        return geometric(mean, log_var, weight)
