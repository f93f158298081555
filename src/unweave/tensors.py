"""Conversion of torch tensors to numpy arrays, without an import of torch."""

from __future__ import annotations

from typing import Any

import numpy as np

HALVES = ("bfloat16", "float8")  # types of torch that numpy does not have


def plain(given: Any) -> Any:
    """A tensor as a detached array on the CPU, in float32 where numpy has no such type.

    A list or tuple with tensors becomes a list of arrays; any other value is returned unchanged.
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
