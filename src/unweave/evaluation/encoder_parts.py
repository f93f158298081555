"""Named parts of what an encoder returns, and a description of it in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from unweave.tensors import is_array
from unweave.text import with_article


def fields_of(given: Any) -> Mapping[str, Any] | None:
    """The named parts of a dict, a named tuple or a dataclass; None for anything else."""
    if isinstance(given, type):
        return None
    if isinstance(given, Mapping):
        return {str(name): value for name, value in given.items()}
    if isinstance(given, tuple) and hasattr(given, "_fields"):
        return dict(zip(given._fields, given, strict=True))
    if dataclasses.is_dataclass(given):
        return {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
    return None


def shown(given: Any) -> str:
    """What was given in a few words: its type, its parts with their names, the shape of each."""
    fields = fields_of(given)
    if fields is not None:
        parts = [f"{name}: {_brief(value)}" for name, value in fields.items()]
    elif isinstance(given, (tuple, list)):
        parts = [_brief(value) for value in given]
    else:
        return _brief(given)
    listed = ", ".join(parts[:6])
    if len(parts) > 6:
        listed += ", ..."
    return f"{kind_of_value(given)} of {len(parts)} ({listed})"


def _brief(given: Any) -> str:
    if given is None:
        return "None"
    if is_array(given):
        shape = getattr(given, "shape", None)
        dtype = getattr(given, "dtype", "no dtype")
        found = f"{kind_of_value(given)} of shape {tuple(shape or ())} ({dtype})"
        if np.ma.is_masked(given):
            return f"{found} with masked entries"
        return found
    return kind_of_value(given)


def kind_of_value(given: Any) -> str:
    """The name of the type with its article; of a class itself, its own name."""
    if isinstance(given, type):
        return f"the class {given.__name__}"
    if isinstance(given, np.ndarray):
        return "an array"
    return with_article(type(given).__name__)
