"""Likelihoods p(x given the decoder's output): -log p(x) summed over pixels, in nats per image.

low, high, of every likelihood: the range of the data, filled in: [0, 1] for images, the smallest
and largest entry for vectors. Decoded values are clipped to it.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.maths.gaussian import LOG_2PI
from unweave.settings import Setting

ROUNDING = 1e-6  # tolerance for values in [0, 1]
# least learned scale, in units of the data's range: the deviation of rounding to 8 bits
FLOOR = 1 / (255 * math.sqrt(12))


class Likelihood(nn.Module):
    """Base class of likelihoods: (output, x) to -log p(x), (B,); `mean` gives the image."""

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1], or vectors in the range of the data."""
        raise NotImplementedError

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats."""
        raise NotImplementedError


class Bernoulli(Likelihood):
    """A Bernoulli distribution for each pixel, with the decoder's output as logits.

    For grey values, the cross-entropy (not a density) that the field uses. ValueError for data
    outside [0, 1], where the cross-entropy has no lower bound: its slope in the logit, s - x, does
    not change sign, so that training goes to a loss of minus infinity.
    """

    def __init__(self, *, low: float = 0.0, high: float = 1.0):
        super().__init__()
        if not (low >= -ROUNDING and high <= 1 + ROUNDING):  # in this form NaN is refused too
            raise ValueError(
                f"likelihood bernoulli takes values in [0, 1]; these reach from {low:g} to "
                f"{high:g}: scale them, or choose gaussian"
            )

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1]."""
        return torch.sigmoid(output.float())

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats."""
        nats = F.binary_cross_entropy_with_logits(output.float(), x, reduction="none")  # shape of x
        return nats.flatten(1).sum(1)


class Gaussian(Likelihood):
    """A Gaussian for each pixel around the decoder's output; one scale for all, fixed or learned.

    Half the squared error is the case of variance 1 without its constant; the squared error itself
    is that of variance 1/2.

    A learned scale stays above `FLOOR`: if images can be reconstructed without error, as with
    constant data, the density has no maximum, and the scale would fall without end. The floor is in
    units of the data's range, or of 1 where that is 0. ValueError if the initial scale is below.
    """

    def __init__(
        self,
        *,
        scale: Annotated[
            float, Setting("standard deviation of a pixel, its start if learned", above=0)
        ] = 0.1,
        learn_scale: Annotated[bool, Setting("whether the scale is a parameter")] = False,
        low: float = 0.0,
        high: float = 1.0,
    ):
        super().__init__()
        self.low = low
        self.high = high
        width = high - low or 1.0
        floor = FLOOR * width
        if learn_scale and scale < floor:
            raise ValueError(
                f"scale is {scale:g}; one that is learned stays above {floor:.3g}, "
                "the rounding of the data"
            )
        self.log_floor = math.log(floor) if learn_scale else -math.inf
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)), requires_grad=learn_scale)

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1], or vectors in the range of the data."""
        return output.float().clamp(self.low, self.high)

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats (of a density: may be negative)."""
        log_scale: Tensor = AtLeast.apply(self.log_scale, self.log_floor)
        error = (output.float() - x) * torch.exp(-log_scale)  # in standard deviations
        nats = 0.5 * (error**2 + LOG_2PI) + log_scale
        return nats.flatten(1).sum(1)


class AtLeast(torch.autograd.Function):
    """max(x, floor) of a scalar; at or below the floor only gradients that raise x pass.

    With the gradient of max, which is 0 there, a parameter at the floor would never leave it.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, floor: float) -> Tensor:
        """max(x, floor)."""
        ctx.save_for_backward(x > floor)
        return x.clamp(min=floor)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """The gradient of x; the floor has none."""
        (above,) = ctx.saved_tensors
        return torch.where(above, gradient, gradient.clamp(max=0)), None


class Laplace(Likelihood):
    """A Laplace density for each pixel around the decoder's output, with one scale for all.

    Edges are sharper than with a Gaussian.
    """

    def __init__(
        self,
        *,
        scale: Annotated[float, Setting("mean absolute error of a pixel", above=0)] = 0.1,
        low: float = 0.0,
        high: float = 1.0,
    ):
        super().__init__()
        self.scale = scale
        self.low = low
        self.high = high

    def mean(self, output: Tensor) -> Tensor:
        """The decoder's output as pixels in [0, 1], or vectors in the range of the data."""
        return output.float().clamp(self.low, self.high)

    def forward(self, output: Tensor, x: Tensor) -> Tensor:
        """-log p(x), (B,), nats (of a density: may be negative)."""
        error = (output.float() - x).abs()  # (B, *shape)
        nats = error / self.scale + math.log(2 * self.scale)
        return nats.flatten(1).sum(1)
