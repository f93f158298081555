"""The state of an optimiser as named tensors and JSON, for checkpoints without pickle.

Supported are tensors (dense, or sparse COO), numbers, text, booleans and None, and lists, tuples
and dictionaries of these. Stored are all slots, and all options of the parameter groups except the
parameters, the learning rate, which the loop sets, and functions, which come with the optimiser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

Tensors = dict[str, Tensor]


def pack(optimiser: torch.optim.Optimizer, name: str) -> tuple[Any, Tensors]:
    """JSON, and the tensors that it names: {"optimiser/NAME/...": tensor}, on the CPU.

    TypeError for a value of another type, with its place.
    """
    state = optimiser.state_dict()
    if extra := state.keys() - {"state", "param_groups"}:
        raise TypeError(f"{min(extra)}, beside state and param_groups")
    options = []
    for group in state["param_groups"]:
        options.append({key: value for key, value in group.items() if _kept(key, value)})
    tensors: Tensors = {}
    slots = _packed(state["state"], f"optimiser/{name}", "", tensors)
    groups = _packed(options, f"optimiser/{name}", "groups", tensors)
    return {"slots": slots, "groups": groups}, tensors


def unpack(optimiser: torch.optim.Optimizer, packed: Any, tensors: Mapping[str, Tensor]) -> None:
    """Load a packed state into a new optimiser of the same kind.

    ValueError if it has other groups.
    """
    slots = _unpacked(packed["slots"], tensors)
    groups = _unpacked(packed["groups"], tensors)
    fresh = optimiser.state_dict()["param_groups"]
    if len(fresh) != len(groups):
        raise ValueError(f"{len(groups)} groups of parameters were kept; it has {len(fresh)}")
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    # slots of weights, by their number, and other state of the optimiser, by name
    laid_out = dict(slots)
    for i, own in slots.items():
        if isinstance(i, int):
            laid_out[i] = _laid_out(weights[i], own)
    groups = [new | kept for new, kept in zip(fresh, groups, strict=True)]
    optimiser.load_state_dict({"state": laid_out, "param_groups": groups})
    # torch casts slots to the type of their weight: put back the stored type
    for i, weight in enumerate(weights):
        own = optimiser.state.get(weight, {})
        for slot, value in own.items():
            if isinstance(value, Tensor) and value.dtype != slots[i][slot].dtype:
                own[slot] = slots[i][slot].to(value.device)


def from_slots(optimiser: torch.optim.Optimizer, name: str, tensors: Mapping[str, Tensor]) -> Any:
    """The JSON of `pack` for an older checkpoint, with tensors "optimiser/NAME/PLACE/SLOT" only."""
    slots: dict[int, list[Any]] = {}
    for key in tensors:
        owner, _, path = key.removeprefix("optimiser/").partition(f"{name}/")
        if key.startswith("optimiser/") and not owner and path.count("/") == 1:
            place, slot = path.split("/")
            slots.setdefault(int(place), []).append([slot, {"tensor": key}])
    packed: Any = {"dict": [[i, {"dict": own}] for i, own in slots.items()]}
    no_options: Any = {"list": [{"dict": []} for _ in optimiser.param_groups]}
    return {"slots": packed, "groups": no_options}


def _kept(key: str, value: Any) -> bool:
    return key not in ("params", "lr") and not callable(value)


def _packed(value: Any, name: str, path: str, tensors: Tensors) -> Any:
    """A value as JSON; its tensors are added to `tensors`, named by their place."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor) and value.layout is torch.sparse_coo:
        parts = [value._indices(), value._values(), list(value.shape), value.is_coalesced()]
        packed = [_packed(part, name, f"{path}/{i}", tensors) for i, part in enumerate(parts)]
        return {"sparse": packed}
    if isinstance(value, Tensor) and value.layout is torch.strided:
        key = f"{name}/{path}"
        tensors[key] = value.detach().cpu().contiguous().clone()
        return {"tensor": key}
    if isinstance(value, dict):
        pairs = []
        for key, inner in value.items():
            pairs.append([key, _packed(inner, name, f"{path}/{key}".lstrip("/"), tensors)])
        if all(isinstance(key, int | str) for key in value):
            return {"dict": pairs}
    if isinstance(value, list | tuple):
        items = []
        for i, inner in enumerate(value):
            items.append(_packed(inner, name, f"{path}/{i}".lstrip("/"), tensors))
        if isinstance(value, tuple):
            return {"tuple": items}
        return {"list": items}
    raise TypeError(f"{path}, a {type(value).__name__}")


def _unpacked(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The value that `_packed` gave as JSON."""
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
        return torch.sparse_coo_tensor(
            indices, values, shape, is_coalesced=coalesced, check_invariants=True
        )
    if kind == "tuple":
        return tuple(found)
    return found


def _laid_out(weight: Tensor, slots: dict[str, Any]) -> dict[str, Any]:
    """Slots of a weight's shape in its memory layout, which files do not keep; others unchanged."""
    return {slot: _like(weight, value) for slot, value in slots.items()}


def _like(weight: Tensor, value: Any) -> Any:
    if not isinstance(value, Tensor) or value.layout is not torch.strided:
        return value
    if not value.ndim or value.shape != weight.shape:
        return value
    return torch.empty_like(weight, dtype=value.dtype, device=value.device).copy_(value)
