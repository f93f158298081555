"""p(x given the decoder's output): negative log likelihood summed over pixels, in nats for each image.

low, high, of every likelihood: the range of the data, filled in: [0, 1] of images, the smallest and largest entry of
vectors. What is decoded stays within it.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.maths.gaussian import LOG_2PI
from unweave.settings import Setting

ROUNDING = 1e-6  # of values that are meant to be in [0, 1]
FLOOR = 1 / (
    255 * math.sqrt(12)
)  # of a learned scale: the deviation of rounding to 8 bits, of the data's range, or of 1


class Likelihood(nn.Module):
    """p(x given output): called with the decoder's output and x, gives -log p(x), (B,); `mean` gives the image."""

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1], or vectors in the range of the data."""
        raise NotImplementedError

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats."""
        raise NotImplementedError


class Bernoulli(Likelihood):
    """Each pixel a coin; the decoder gives logits. For grey values, the cross-entropy (not a density) that the field uses.

    ValueError for data outside [0, 1], where the cross-entropy has no lower bound: its slope in the logit, s - x, does
    not change sign, so that a loss of minus infinity is all that is learned.
    """

    def __init__(self, *, low: float = 0.0, high: float = 1.0):
        super().__init__()
        if not (low >= -ROUNDING and high <= 1 + ROUNDING):  # so written that NaN is refused
            raise ValueError(
                f"likelihood bernoulli takes values in [0, 1]; these reach from {low:g} to {high:g}: scale them, or "
                "choose gaussian"
            )

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1]."""
        return torch.sigmoid(output.float())

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats."""
        return F.binary_cross_entropy_with_logits(output.float(), x, reduction="none").flatten(1).sum(1)


class Gaussian(Likelihood):
    """Each pixel a Gaussian around the decoder's output, with one scale for all, fixed or learned.

    Half the squared error is the unit-variance case less its constant; the squared error itself is variance 1/2.

    A learned scale stays above `FLOOR`: where images can be made without error, as of a constant set, the density has no
    greatest value, and the scale would fall for as long as one trains. The floor is in units of the data's range; vectors
    that are all one number have none, and it is in units of 1. ValueError if the scale would start below.
    """

    def __init__(
        self,
        *,
        scale: Annotated[float, Setting("standard deviation of a pixel, its start if learned", above=0)] = 0.1,
        learn_scale: Annotated[bool, Setting("whether the scale is a parameter")] = False,
        low: float = 0.0,
        high: float = 1.0,
    ):
        super().__init__()
        self.low, self.high = low, high
        floor = FLOOR * (high - low or 1.0)
        if learn_scale and scale < floor:
            raise ValueError(
                f"scale is {scale:g}; one that is learned stays above {floor:.3g}, the rounding of the data"
            )
        self.log_floor = math.log(floor) if learn_scale else -math.inf
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)), requires_grad=learn_scale)

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1], or vectors in the range of the data."""
        return output.float().clamp(self.low, self.high)

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats (of a density: may be negative)."""
        log_scale: Tensor = AtLeast.apply(self.log_scale, self.log_floor)
        error = (output.float() - x) * torch.exp(-log_scale)
        return (0.5 * (error**2 + LOG_2PI) + log_scale).flatten(1).sum(1)


class AtLeast(torch.autograd.Function):
    """max(x, floor) of a scalar, from which only a gradient that raises it passes where x is not above the floor.

    With the gradient of max, 0 there, a parameter that has met the floor would never leave it.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, floor: float) -> Tensor:
        """The larger of both."""
        ctx.save_for_backward(x > floor)
        return x.clamp(min=floor)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """The gradient of x, and none of the floor."""
        (above,) = ctx.saved_tensors
        return torch.where(above, gradient, gradient.clamp(max=0)), None


class Laplace(Likelihood):
    """Each pixel a Laplace density around the decoder's output, with one scale for all; sharper edges than a Gaussian."""

    def __init__(
        self,
        *,
        scale: Annotated[float, Setting("mean absolute error of a pixel", above=0)] = 0.1,
        low: float = 0.0,
        high: float = 1.0,
    ):
        super().__init__()
        self.scale, self.low, self.high = scale, low, high

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1], or vectors in the range of the data."""
        return output.float().clamp(self.low, self.high)

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats (of a density: may be negative)."""
        return ((output.float() - x).abs() / self.scale + math.log(2 * self.scale)).flatten(1).sum(1)
