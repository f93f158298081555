"""Distributed training: split batches; synchronised gradients, logged terms and buffers.

A step's batch is the one that a single process would draw, and each process takes an equal share of
consecutive rows. So a loss that is a mean over the images has the same gradient as in a single
process, to rounding. Statistics of a batch as a whole (total correlation, MMD, moments, batch
normalisation) are those of each part. In a single process the functions do nothing.
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
    """The rows of a step's batch for this process. ValueError if they cannot be split equally."""
    if world() == 1:
        return batch
    each, odd = divmod(len(batch.x), world())
    if odd:
        raise ValueError(
            f"{world()} processes cannot share a batch of {len(batch.x)} "
            "(images, or groups of them) equally: choose another batch_size"
        )
    own = slice(rank() * each, (rank() + 1) * each)
    columns = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
    parts = {name: rows[own] for name, rows in columns.items() if isinstance(rows, Tensor)}
    labelled = None if batch.labelled is None else part(batch.labelled)
    return dataclasses.replace(batch, **parts, labelled=labelled)


def average(weights: Sequence[nn.Parameter]) -> None:
    """Replace gradients by their means over the processes.

    A gradient that is missing in some processes counts as 0 there; one that is missing in all stays
    missing.
    """
    if world() == 1:
        return
    present = [weight.grad for weight in weights if weight.grad is not None]
    if any(gradient.layout is not torch.strided for gradient in present):
        raise RuntimeError(
            "a sparse gradient is not averaged over processes: "
            "make it dense, or train in one process"
        )
    by_type: dict[tuple[torch.dtype, torch.device], list[nn.Parameter]] = {}
    for weight in weights:
        by_type.setdefault((weight.dtype, weight.device), []).append(weight)
    for some in by_type.values():
        _average(some)


def _average(weights: Sequence[nn.Parameter]) -> None:
    """Mean gradients of weights of one type on one device, by one all-reduce."""
    # one message: all gradients, then 1 for each that is present and 0 for each that is not
    parts = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
    present = [w.grad is not None for w in weights]
    counts = torch.tensor(present, dtype=weights[0].dtype, device=weights[0].device)
    flat = torch.cat([*(gradient.reshape(-1) for gradient in parts), counts])  # (sizes + weights,)
    dist.all_reduce(flat)
    # back to one sum for each weight
    *sums, counts = flat.split([*(w.numel() for w in weights), len(weights)])
    for i, (weight, total) in enumerate(zip(weights, sums, strict=True)):
        # `counts` is read, which waits for the device, only where this process has no gradient
        if weight.grad is not None or counts[i] > 0:
            weight.grad = torch.empty_like(weight).copy_(total.view(weight.shape)).div_(world())


def mean(terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The means of logged terms over the processes."""
    if world() == 1 or not terms:
        return dict(terms)
    values = torch.stack([value.float() for value in terms.values()])
    dist.all_reduce(values)
    return dict(zip(terms, (values / world()).unbind(), strict=True))


def start(method: nn.Module) -> None:
    """Copy the first process's weights and buffers to all. ValueError for a lazy weight."""
    if world() == 1:
        return
    lazy = [name for name, weight in method.named_parameters() if is_lazy(weight)]
    if lazy:
        raise ValueError(
            f"the parameter {lazy[0]!r} has no shape yet: "
            "several processes would each draw their own"
        )
    follow([*method.parameters(), *method.buffers()])


@torch.no_grad()
def follow(tensors: Iterable[Tensor]) -> None:
    """Replace tensors in place by those of the first process, byte for byte."""
    if world() == 1:
        return
    tensors = list(tensors)
    if not tensors:
        return
    # one message for all of them, (bytes,)
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
    checksums = []
    for weight in weights.values():
        content = _bytes(weight.detach()).cpu().numpy()
        checksums.append(zlib.crc32(content.data))
    # one message gives the greatest checksum over the processes, and minus the least
    sums = torch.tensor(checksums)  # (weights,)
    both = torch.stack([sums, -sums]).to(next(iter(weights.values())).device)
    dist.all_reduce(both, dist.ReduceOp.MAX)
    most = both[0]
    least = -both[1]
    odd = [name for name, same in zip(weights, (most == least).tolist(), strict=True) if not same]
    if odd:
        raise RuntimeError(
            f"step {step}: the weights {odd[0]} differ between processes, whose noise differs: "
            "only the optimiser, or what is drawn from a seed that all of them share, "
            "may change weights"
        )


def _bytes(tensor: Tensor) -> Tensor:
    return tensor.contiguous().reshape(-1).view(torch.uint8)
