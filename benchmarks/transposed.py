"""Speed of the backward pass of transposed convolutions: ours against torch's, layer by layer, 64 images, one thread.

python benchmarks/transposed.py

Both layers take turns on the same tensors, channels last; processor milliseconds, medians.
"""

from __future__ import annotations

import statistics
import time

import torch
from torch import Tensor, nn

from unweave.nets.transposed import ConvTranspose2d

LAYERS = (
    (64, 64, 4),
    (64, 32, 8),
    (32, 32, 16),
    (32, 3, 32),
    (32, 1, 32),
)  # channels in and out, side
TURNS = 25


def seconds(layer: nn.Module, x: Tensor, gradient: Tensor) -> float:
    """Processor seconds of one backward."""
    with torch.autocast("cpu", x.dtype, enabled=x.dtype != torch.float32):
        y = layer(x)
    start = time.process_time()
    torch.autograd.grad(y, [x, *layer.parameters()], gradient)
    return time.process_time() - start


def row(inputs: int, outputs: int, side: int, dtype: torch.dtype) -> str:
    """One layer as a row of the table."""
    layers = [
        made(inputs, outputs, 4, stride=2, padding=1)
        for made in (nn.ConvTranspose2d, ConvTranspose2d)
    ]
    for layer in layers:
        layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)
    last = torch.channels_last
    x = (
        torch.randn(64, inputs, side, side)
        .to(dtype)
        .contiguous(memory_format=last)
        .requires_grad_()
    )
    gradient = torch.randn(64, outputs, 2 * side, 2 * side).to(dtype).contiguous(memory_format=last)
    taken = [[seconds(layer, x, gradient) for layer in layers] for _ in range(TURNS)][3:]
    theirs, ours = (1000 * statistics.median(column) for column in zip(*taken, strict=True))
    name = str(dtype).removeprefix("torch.")
    return f"| {name} | {inputs} -> {outputs}, to {2 * side} px | {theirs:.2f} | {ours:.2f} | {theirs / ours:.2f} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    print("| type | layer | torch, ms | ours, ms | ratio |\n|---|---|---|---|---|")
    for dtype in (torch.bfloat16, torch.float32):
        for layer in LAYERS:
            print(row(*layer, dtype))
