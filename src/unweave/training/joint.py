"""What processes that train together share: the batch, gradients, logged terms, buffers. One process shares with nobody.

A step's batch is the very batch that one process would draw, and each process takes as many rows of it, one after the
other. So a loss that is a mean over the images has the gradient that one process would give it, to rounding. What is
estimated from a batch as a whole (total correlation, MMD, moments, statistics of a batch norm) is that of each part.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterable, Mapping, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unweave.training.ranks import rank, world
from unweave.types import Batch


def part(batch: Batch) -> Batch:
    """The rows of a step's batch that are this process's. ValueError if they are not as many for each."""
    if world() == 1:
        return batch
    each, odd = divmod(len(batch.x), world())
    if odd:
        raise ValueError(
            f"{world()} processes cannot share a batch of {len(batch.x)} (images, or groups of them) equally: choose "
            "another batch_size"
        )
    own = slice(rank() * each, (rank() + 1) * each)
    columns = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
    parts = {name: rows[own] for name, rows in columns.items() if isinstance(rows, Tensor)}
    return dataclasses.replace(batch, **parts, labelled=None if batch.labelled is None else part(batch.labelled))


def average(weights: Sequence[nn.Parameter]) -> None:
    """Gradients become their means over the processes; one that is missing in some is 0 there, and in all stays so."""
    if world() == 1:
        return
    if any(w.grad is not None and w.grad.layout is not torch.strided for w in weights):
        raise RuntimeError("a sparse gradient is not averaged over processes: make it dense, or train in one process")
    alike: dict[tuple[torch.dtype, torch.device], list[nn.Parameter]] = {}
    for weight in weights:
        alike.setdefault((weight.dtype, weight.device), []).append(weight)
    for some in alike.values():
        _average(some)


def _average(weights: Sequence[nn.Parameter]) -> None:
    """Of weights of one type on one device, in one message: all gradients, then a 1 for each that is there."""
    there = torch.tensor([w.grad is not None for w in weights], dtype=weights[0].dtype, device=weights[0].device)
    flat = torch.cat([*((torch.zeros_like(w) if w.grad is None else w.grad).reshape(-1) for w in weights), there])
    dist.all_reduce(flat)
    *sums, counts = flat.split([*(w.numel() for w in weights), len(weights)])
    for i, (weight, total) in enumerate(zip(weights, sums, strict=True)):
        if weight.grad is not None or counts[i] > 0:  # the device is waited for only where this process has none
            weight.grad = torch.empty_like(weight).copy_(total.view(weight.shape)).div_(world())


def mean(terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Terms become their means over the processes."""
    if world() == 1 or not terms:
        return dict(terms)
    values = torch.stack([value.float() for value in terms.values()])
    dist.all_reduce(values)
    return dict(zip(terms, (values / world()).unbind(), strict=True))


def start(method: nn.Module) -> None:
    """All begin with the first process's weights and buffers. ValueError for a weight whose shape is not known yet."""
    if world() == 1:
        return
    if lazy := [name for name, weight in method.named_parameters() if is_lazy(weight)]:
        raise ValueError(f"the parameter {lazy[0]!r} has no shape yet: several processes would each draw their own")
    follow([*method.parameters(), *method.buffers()])


@torch.no_grad()
def follow(tensors: Iterable[Tensor]) -> None:
    """Tensors become those of the first process, byte for byte."""
    if world() == 1 or not (tensors := list(tensors)):
        return
    flat = torch.cat([_bytes(tensor) for tensor in tensors])
    dist.broadcast(flat, 0)
    if rank():
        sizes = [tensor.numel() * tensor.element_size() for tensor in tensors]
        for tensor, content in zip(tensors, flat.split(sizes), strict=True):
            tensor.copy_(content.clone().view(tensor.dtype).view(tensor.shape))


def check_equal(method: nn.Module, step: int) -> None:
    """RuntimeError in all processes if a weight is not the same in all of them."""
    if world() == 1:
        return
    weights = dict(method.named_parameters())
    sums = torch.tensor([zlib.crc32(_bytes(weight.detach()).cpu().numpy().data) for weight in weights.values()])
    both = torch.stack([sums, -sums]).to(next(iter(weights.values())).device)
    dist.all_reduce(both, dist.ReduceOp.MAX)
    most, least = both[0], -both[1]
    if odd := [name for name, same in zip(weights, (most == least).tolist(), strict=True) if not same]:
        raise RuntimeError(
            f"step {step}: the weights {odd[0]} differ between processes, whose noise differs: only the optimiser, or "
            "what is drawn from a seed that all of them share, may change weights"
        )


def _bytes(tensor: Tensor) -> Tensor:
    return tensor.contiguous().reshape(-1).view(torch.uint8)
