"""Snapshots of plain attributes: copies of their values, to compare with later."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

ABSENT = object()
PLAIN = (bool, int, float, complex, str, bytes, np.generic)  # immutable values
GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)


def snapshot(value: Any, registered: set[int]) -> Any:
    """A copy of a value, ABSENT for what is no data of a method.

    That is None, an object of another kind, and a registered or derived tensor. A tensor is not
    copied: its version counter shows whether it was written to.
    """
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Tensor):
        derived = value.grad_fn is not None or value.is_inference() or id(value) in registered
        if derived:
            return ABSENT
        return value, value._version
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: snapshot(v, registered) for key, v in value.items()}
    if isinstance(value, set | frozenset):
        return frozenset(value)
    if isinstance(value, list | tuple | deque):
        return [snapshot(v, registered) for v in value]
    if isinstance(value, GENERATORS):
        return snapshot(state_of(value), registered)
    return _of_object(value, registered)


def state_of(generator: Any) -> Any:
    """The state of a random generator, one of `GENERATORS`, as arrays and plain values."""
    if isinstance(generator, torch.Generator):
        return generator.get_state().numpy()
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.getstate()


def _of_object(value: Any, registered: set[int]) -> Any:
    """A copy of the attributes of a plain object, by name; ABSENT for modules, functions and types.

    An attribute that leads to another object is not followed: only objects made for a few values
    are data of a method.
    """
    if (
        callable(value)
        or isinstance(value, nn.Module | torch.optim.Optimizer)
        or not hasattr(value, "__dict__")
    ):
        return ABSENT
    found = {}
    for name, inner in vars(value).items():
        data = (*PLAIN, Tensor, np.ndarray, dict, set, frozenset, list, tuple, deque)
        if not name.startswith("_") and isinstance(inner, data):
            found[name] = snapshot(inner, registered)
    return found


def same(before: Any, now: Any) -> bool:
    """Whether two snapshots have equal values; NaN equals NaN."""
    if type(before) is not type(now):
        return False
    if isinstance(before, tuple):  # of a tensor
        old, version = before
        new, written = now
        if old is new:
            return bool(version == written)
        return bool(
            old._version == version and old.shape == new.shape and torch.equal(old, new.to(old))
        )
    if isinstance(before, np.ndarray):
        may_be_nan = before.dtype.kind in "fc"
        return bool(before.dtype == now.dtype and np.array_equal(before, now, equal_nan=may_be_nan))
    if isinstance(before, dict):
        return before.keys() == now.keys() and all(same(v, now[key]) for key, v in before.items())
    if isinstance(before, list):
        return len(before) == len(now) and all(map(same, before, now))
    return bool(before is now or before == now or before != before)  # the last: NaN
