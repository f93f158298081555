"""p(x given the decoder's output): negative log likelihood summed over pixels, in nats for each image."""

from __future__ import annotations

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.maths.gaussian import LOG_2PI
from unweave.settings import Setting


class Likelihood(nn.Module):
    """p(x given output): called with the decoder's output and x, gives -log p(x), (B,); `mean` gives the image."""

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1]."""
        raise NotImplementedError

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats."""
        raise NotImplementedError


class Bernoulli(Likelihood):
    """Each pixel a coin; the decoder gives logits. For grey values, the cross-entropy (not a density) that the field uses."""

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1]."""
        return torch.sigmoid(output.float())

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats."""
        return F.binary_cross_entropy_with_logits(output.float(), x, reduction="none").flatten(1).sum(1)


class Gaussian(Likelihood):
    """Each pixel a Gaussian around the decoder's output, with one scale for all, fixed or learned.

    Half the squared error is the unit-variance case less its constant; the squared error itself is variance 1/2.
    """

    def __init__(
        self,
        *,
        scale: Annotated[float, Setting("standard deviation of a pixel, its start if learned", above=0)] = 0.1,
        learn_scale: Annotated[bool, Setting("whether the scale is a parameter")] = False,
    ):
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)), requires_grad=learn_scale)

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1]."""
        return output.float().clamp(0, 1)

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats (of a density: may be negative)."""
        error = (output.float() - x) * torch.exp(-self.log_scale)
        return (0.5 * (error**2 + LOG_2PI) + self.log_scale).flatten(1).sum(1)


class Laplace(Likelihood):
    """Each pixel a Laplace density around the decoder's output, with one scale for all; sharper edges than a Gaussian."""

    def __init__(self, *, scale: Annotated[float, Setting("mean absolute error of a pixel", above=0)] = 0.1):
        super().__init__()
        self.scale = scale

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1]."""
        return output.float().clamp(0, 1)

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats (of a density: may be negative)."""
        return ((output.float() - x).abs() / self.scale + math.log(2 * self.scale)).flatten(1).sum(1)
