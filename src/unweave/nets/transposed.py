"""Transposed convolution whose gradients are ordinary convolutions: exact, and faster on a CPU.

oneDNN's backward of a transposed convolution is slow, above all in bfloat16. Written out, the
gradient of the input is the convolution of the outer gradient with the same weights, and that of
the weights is the weight gradient of this convolution, in which input and outer gradient have
changed places.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvTranspose2d(nn.ConvTranspose2d):
    """`torch.nn.ConvTranspose2d` with faster gradients on a CPU, for one group and no dilation.

    In all other cases, on other devices and for one output channel, it is that class. To one
    channel torch's own gradients are 2.5 (bfloat16) to 9 (float32) times as fast.
    """

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        plain = (
            self.groups == 1
            and self.dilation == (1, 1)
            and self.output_padding == (0, 0)
            and output_size is None
        )
        if not plain or self.out_channels == 1 or input.device.type != "cpu":
            return super().forward(input, output_size)
        weight: Tensor = self.weight
        bias: Tensor | None = self.bias
        # the casts that autocast makes before the call, which a Function of ours has to make itself
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            input = input.to(dtype)
            weight = weight.to(dtype)
            bias = None if bias is None else bias.to(dtype)
        with torch.autocast("cpu", enabled=False):
            made: Tensor = _Transposed.apply(input, weight, bias, self.stride, self.padding)
        return made


class _Transposed(torch.autograd.Function):
    """x (B, C, H, W) with weights (C, D, k, l) to (B, D, H', W').

    Every step of `backward` can be differentiated again.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, ...],
        padding: tuple[int, ...],
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        ctx.padding = padding
        return F.conv_transpose2d(x, weight, bias, stride=stride, padding=padding)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        layout = _layout(x)
        gradient = outer[0].contiguous(memory_format=layout)  # (B, D, H', W')
        for_x, for_weight, for_bias, *_ = ctx.needs_input_grad
        of_x = None
        of_weight = None
        of_bias = None
        # forward is a convolution's gradient for its input; the gradient for x is that convolution
        if for_x:  # (B, D, H', W') -> (B, C, H, W)
            of_x = F.conv2d(gradient, weight, stride=ctx.stride, padding=ctx.padding)
            of_x = of_x.contiguous(memory_format=layout)
        if for_weight:  # (C, D, k, l); input and outer gradient change places
            of_weight = _weight_gradient(gradient, x, weight, ctx.stride, ctx.padding)
        if for_bias:
            of_bias = gradient.sum((0, 2, 3))  # (D,)
        return of_x, of_weight, of_bias, None, None


def _layout(x: Tensor) -> torch.memory_format:
    """Memory layout of x (B, C, H, W); operations on tensors of different layouts are slow."""
    if x.is_contiguous(memory_format=torch.channels_last):
        return torch.channels_last
    return torch.contiguous_format


def _weight_gradient(
    x: Tensor, gradient: Tensor, weight: Tensor, stride: tuple[int, ...], padding: tuple[int, ...]
) -> Tensor:
    """The gradient of the weights of conv2d(x, weight), given that of its output."""
    only_weight = (False, True, False)
    found: tuple[Tensor, ...] = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, stride, padding, (1, 1), False, (0, 0), 1, only_weight
    )
    return found[1]
