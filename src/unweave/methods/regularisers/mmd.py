"""Maximum mean discrepancy of codes to samples of the prior (Zhao et al., 2019, eq. 12).

**Departures**: the unbiased estimator and a kernel of several scales. The paper's kernel (option
"infovae") is almost blind to a collapsed posterior beyond ten columns, and its biased estimator has
an offset that grows with 1/M.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from unweave.maths.divergence import Kernel, mmd
from unweave.methods.base import Part
from unweave.settings import Setting
from unweave.types import Losses


class MMD(Part):
    """A divergence of the aggregated posterior; has no parameters."""

    def __init__(
        self, *, kernel: Annotated[Kernel, Setting("imq has seven scales, the others one")] = "imq"
    ):
        super().__init__()
        self.kernel: Kernel = kernel

    def forward(self, z: Tensor) -> Losses:
        distance = mmd(z, torch.randn_like(z), self.kernel)
        return Losses({"model": distance}, {"mmd": distance}, "squared distance of kernel means")
