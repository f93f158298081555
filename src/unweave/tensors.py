"""Tensors of torch as arrays of numpy, without importing torch: known by what they can do."""

from __future__ import annotations

from typing import Any

import numpy as np

HALVES = ("bfloat16", "float8")  # types of torch that numpy has not


def plain(given: Any) -> Any:
    """A tensor as an array: off its graph and its device, in float32 where numpy has no such type.

    A list or tuple in which there are tensors becomes a list of arrays; anything else is given back as it is.
    """
    if isinstance(given, (list, tuple)) and any(_is_tensor(part) for part in given):
        return [plain(part) for part in given]
    if not _is_tensor(given):
        return given
    tensor = given.detach().cpu()
    if getattr(tensor, "is_sparse", False):
        tensor = tensor.to_dense()
    if any(word in str(tensor.dtype) for word in HALVES):
        tensor = tensor.float()
    return np.asarray(tensor.resolve_conj().resolve_neg())


def _is_tensor(given: Any) -> bool:
    return all(hasattr(given, word) for word in ("detach", "cpu", "dtype"))
