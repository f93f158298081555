"""Conversion of the arrays of other libraries to numpy, without an import of any of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

HALVES = ("bfloat16", "float8")  # types of other libraries that numpy does not have


def plain(given: Any) -> Any:
    """A tensor as a detached array on the CPU, in float32 where numpy has no such type.

    So is the array of another library that answers to `__dlpack__`. A list or tuple with such parts
    becomes a list of arrays; any other value is returned unchanged. ValueError for an array that
    neither numpy nor torch can read: on the device "meta", quantised, nested, of an unknown library.
    """
    if isinstance(given, (list, tuple)) and any(
        _is_tensor(part) or _is_foreign(part) for part in given
    ):
        return [plain(part) for part in given]
    if _is_tensor(given):
        return _of_torch(given)
    if _is_foreign(given):
        given = _of_foreign(given)
    if isinstance(given, np.ndarray):
        return _widened(given)
    return given


def is_array(given: Any) -> bool:
    """Whether a value is an array or a tensor, of whatever library; False for the class of one."""
    if isinstance(given, type):
        return False
    return _is_tensor(given) or any(hasattr(given, word) for word in ("__array__", "__dlpack__"))


def _is_tensor(given: Any) -> bool:
    return all(hasattr(given, word) for word in ("detach", "cpu", "dtype"))


def _is_foreign(given: Any) -> bool:
    """Whether a value is an array of another library than numpy and torch."""
    return hasattr(given, "__dlpack__") and not isinstance(given, (np.ndarray, np.generic, type))


def _of_torch(tensor: Any) -> Any:
    try:
        tensor = tensor.detach().cpu()
        if getattr(tensor, "is_sparse", False):
            tensor = tensor.to_dense()
        if any(word in str(tensor.dtype) for word in HALVES):
            tensor = tensor.float()
        return np.asarray(tensor.resolve_conj().resolve_neg())
    except Exception as error:  # each kind of tensor raises its own
        raise _unreadable(tensor, error) from error


def _of_foreign(given: Any) -> Any:
    """Through numpy, or through torch, which reads the memory of accelerators too."""
    readers: list[Callable[[Any], Any]] = [np.from_dlpack]
    if hasattr(given, "__array__"):
        readers.insert(0, np.asarray)
    if "torch" in sys.modules:
        readers.append(lambda array: _of_torch(sys.modules["torch"].from_dlpack(array)))
    errors = []
    for reader in readers:
        try:
            return reader(given)
        except Exception as error:  # each library raises its own
            errors.append(error)
    raise _unreadable(given, errors[-1])


def _unreadable(given: Any, error: Exception) -> ValueError:
    reason = str(error).partition("\n")[0]
    return ValueError(f"a {type(given).__name__} cannot be read as an array: {reason}")


def _widened(array: np.ndarray) -> np.ndarray:
    """Float32 in place of a type that numpy has from another package, and cannot count with."""
    if any(word in array.dtype.name for word in HALVES):
        return array.astype(np.float32)
    return array
