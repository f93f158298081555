"""The class of a method or of a part by its name, looked at before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from unweave.locate import locate
from unweave.methods import METHODS, PARTS, Entry
from unweave.methods.base import Method, Part
from unweave.nets.likelihood import Likelihood
from unweave.settings import nearest

BASES: dict[str, type[nn.Module]] = {
    "method": Method,
    "encoder": nn.Module,
    "decoder": nn.Module,
    "critic": nn.Module,
    "likelihood": Likelihood,
}  # of every other kind: Part


def class_of(name: str, kind: str) -> Any:
    """The class of a method or a part by name, or of the user's own at "module:Class", which is imported.

    kind: "method", or a kind of part. ValueError if there is none of that name, or if it is no such class.
    """
    where = entry_of(name, METHODS if kind == "method" else PARTS.get(kind, {}), kind).where
    return checked(locate(where, beside=[Path.cwd()]), name, kind) if ":" in name else locate(where)


def entry_of(name: str, table: Mapping[str, Entry], kind: str) -> Entry:
    """The line of a table, or one made for "module:Class". ValueError with the nearest name if there is none."""
    if not isinstance(name, str):
        raise ValueError(f"the {kind} is {name!r}; expected a name or module:Class")
    if ":" in name:
        return Entry(name, "")
    if name not in table:
        raise ValueError(f"there is no {kind} {name!r}; {nearest(name, table)}")
    return table[name]


def checked(found: Any, name: str, kind: str) -> Any:
    """What was found under a name, before it is called. ValueError if it is no class of this kind."""
    base = BASES.get(kind, Part)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ValueError(f"{name} is no {kind}: that is a class derived from {base.__module__}.{base.__name__}")
    return found
