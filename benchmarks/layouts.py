"""Memory layout of gradients in the convolutional networks, and the cost of one that differs from the activation's.

python benchmarks/layouts.py [--rounds 25]: a line for each activation whose gradient has another layout; then ratios of
processor time on one thread, medians over interleaved pairs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unweave.nets.conv64 import Conv64Decoder, Conv64Encoder

LAST = torch.channels_last


class Last(torch.autograd.Function):
    """The identity, with a gradient converted to channels-last strides."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient.contiguous(memory_format=LAST)


class Flat(nn.Flatten):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(Last.apply(x))


def networks(colours: int, brought: bool) -> nn.ModuleList:
    torch.manual_seed(0)
    nets = nn.ModuleList(
        [Conv64Encoder((colours, 64, 64), 10), Conv64Decoder((colours, 64, 64), 10)]
    )
    for i, layer in enumerate(nets[0].body):
        if brought and isinstance(layer, nn.Flatten):
            nets[0].body[i] = Flat()
    return nets.to(memory_format=LAST)


def step(nets: nn.ModuleList, x: Tensor, dtype: torch.dtype) -> None:
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype is torch.bfloat16):
        logits = nets[1](nets[0](x)).float()
    loss = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1).mean()
    torch.autograd.grad(loss, list(nets.parameters()))


def ratio(a: Callable[[], object], b: Callable[[], object], rounds: int) -> str:
    """Processor time of a over that of b."""
    times = []
    for i in range(rounds + 2):
        pair = {}
        for f in (a, b) if i % 2 else (b, a):
            start = time.process_time_ns()
            f()
            pair[f] = time.process_time_ns() - start
        times.append((pair[a] / pair[b], pair[b] / 1e6))
    ratios = sorted(r for r, _ in times[2:])
    low = ratios[len(ratios) // 4]
    high = ratios[3 * len(ratios) // 4]
    of = statistics.median(t for _, t in times[2:])
    return f"{statistics.median(ratios):.2f} (quartiles {low:.2f} to {high:.2f}) of {of:.1f} ms"


def show_layouts(colours: int) -> None:
    nets = networks(colours, brought=False)
    odd = []

    def watch(layer: nn.Module, inputs: object, out: Tensor) -> None:
        def see(gradient: Tensor) -> None:
            if out.is_contiguous(memory_format=LAST) != gradient.is_contiguous(memory_format=LAST):
                odd.append(f"{type(layer).__name__} {tuple(out.shape)}")

        if out.ndim == 4:
            out.register_hook(see)

    for layer in nets.modules():
        if not list(layer.children()):
            layer.register_forward_hook(watch)
    step(nets, torch.rand(64, colours, 64, 64), torch.float32)
    print(
        f"{colours} channels, gradients in another layout than their activation: {', '.join(odd) or 'none'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    for colours in (1, 3):
        show_layouts(colours)
    for dtype in (torch.float32, torch.bfloat16):
        out = torch.randn(64, 32, 32, 32).to(dtype).contiguous(memory_format=LAST)
        other = torch.randn_like(out).contiguous()
        same = torch.randn_like(out)
        pair = [
            lambda o=out, g=g: torch.ops.aten.threshold_backward(g, o, 0) for g in (other, same)
        ]
        found = ratio(*pair, rounds)
        print(f"{dtype}: ReLU backward, 64x32x32x32, gradient in the other layout: {found}")
        x = torch.rand(64, 1, 64, 64)
        nets = networks(1, False)
        brought = networks(1, True)
        pair = [lambda n=n, x=x, d=dtype: step(n, x, d) for n in (nets, brought)]
        print(
            f"{dtype}: a step as it is, over one with the flattened map's gradient brought: {ratio(*pair, rounds)}"
        )


if __name__ == "__main__":
    main()
