"""The state of an optimiser as tensors by name beside plain JSON: what a checkpoint keeps of it, without pickle.

Kept are tensors (dense, or sparse in coordinates), numbers, text, flags and None, and lists, tuples and dictionaries of
these: all slots, and all that its groups hold but the parameters, the rate, which the loop sets, and functions, which
come with the optimiser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

Tensors = dict[str, Tensor]


def pack(optimiser: torch.optim.Optimizer, name: str) -> tuple[Any, Tensors]:
    """JSON, and the tensors that it names: {"optimiser/NAME/...": tensor}, on the CPU. TypeError names what is neither."""
    state = optimiser.state_dict()
    groups = [{k: v for k, v in group.items() if _kept(k, v)} for group in state["param_groups"]]
    tensors: Tensors = {}
    slots = _packed(state["state"], f"optimiser/{name}", "", tensors)
    return {"slots": slots, "groups": _packed(groups, f"optimiser/{name}", "groups", tensors)}, tensors


def unpack(optimiser: torch.optim.Optimizer, packed: Any, tensors: Mapping[str, Tensor]) -> None:
    """Put a new optimiser of the same making where `pack` found one. ValueError if it has other groups."""
    slots, groups = _unpacked(packed["slots"], tensors), _unpacked(packed["groups"], tensors)
    fresh = optimiser.state_dict()["param_groups"]
    if len(fresh) != len(groups):
        raise ValueError(f"{len(groups)} groups of parameters were kept; it has {len(fresh)}")
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    laid_out = {i: _laid_out(weights[i], own) if isinstance(i, int) else own for i, own in slots.items()}
    groups = [new | kept for new, kept in zip(fresh, groups, strict=True)]
    optimiser.load_state_dict({"state": laid_out, "param_groups": groups})
    for i, weight in enumerate(weights):  # torch casts slots to the type of their weight
        own = optimiser.state.get(weight, {})
        for slot, value in own.items():
            if isinstance(value, Tensor) and value.dtype != slots[i][slot].dtype:
                own[slot] = slots[i][slot].to(value.device)


def from_slots(optimiser: torch.optim.Optimizer, name: str, tensors: Mapping[str, Tensor]) -> Any:
    """What `pack` gives, from a checkpoint of before it: tensors "optimiser/NAME/PLACE/SLOT" and no more."""
    slots: dict[int, list[Any]] = {}
    for key in tensors:
        owner, _, path = key.removeprefix("optimiser/").partition(f"{name}/")
        if key.startswith("optimiser/") and not owner and path.count("/") == 1:
            place, slot = path.split("/")
            slots.setdefault(int(place), []).append([slot, {"tensor": key}])
    nothing: Any = {"list": [{"dict": []} for _ in optimiser.param_groups]}
    return {"slots": {"dict": [[i, {"dict": own}] for i, own in slots.items()]}, "groups": nothing}


def _kept(key: str, value: Any) -> bool:
    return key not in ("params", "lr") and not callable(value)


def _packed(value: Any, name: str, path: str, tensors: Tensors) -> Any:
    """A value as JSON; its tensors go into `tensors`, named by their place."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor) and value.layout is torch.sparse_coo:
        parts = [value._indices(), value._values(), list(value.shape), value.is_coalesced()]
        return {"sparse": [_packed(part, name, f"{path}/{i}", tensors) for i, part in enumerate(parts)]}
    if isinstance(value, Tensor) and value.layout is torch.strided:
        key = f"{name}/{path}"
        tensors[key] = value.detach().cpu().contiguous().clone()
        return {"tensor": key}
    if isinstance(value, dict):
        pairs = [[k, _packed(v, name, f"{path}/{k}".lstrip("/"), tensors)] for k, v in value.items()]
        if all(isinstance(k, int | str) for k in value):
            return {"dict": pairs}
    if isinstance(value, list | tuple):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_packed(v, name, f"{path}/{i}".lstrip("/"), tensors) for i, v in enumerate(value)]}
    raise TypeError(f"{path}, a {type(value).__name__}")


def _unpacked(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {k: _unpacked(v, tensors) for k, v in content}
    found = [_unpacked(v, tensors) for v in content]
    if kind == "sparse":
        indices, values, shape, coalesced = found
        return torch.sparse_coo_tensor(indices, values, shape, is_coalesced=coalesced, check_invariants=True)
    return tuple(found) if kind == "tuple" else found


def _laid_out(weight: Tensor, slots: dict[str, Any]) -> dict[str, Any]:
    """Slots of a weight's shape in its memory layout, which a file does not keep; all else as it is."""
    return {slot: _like(weight, value) if isinstance(value, Tensor) else value for slot, value in slots.items()}


def _like(weight: Tensor, value: Tensor) -> Tensor:
    if value.layout is not torch.strided or not value.ndim or value.shape != weight.shape:
        return value
    return torch.empty_like(weight, dtype=value.dtype, device=value.device).copy_(value)
