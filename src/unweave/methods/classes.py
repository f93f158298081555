"""Look-up of the class of a method or part by name, with a check of its type before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from unweave.methods import METHODS, PARTS, Entry
from unweave.methods.base import Method, Part
from unweave.nets.likelihood import Likelihood
from unweave.settings import nearest
from unweave.settings.locate import locate, module_hint
from unweave.settings.typed import shown

BASES: dict[str, type[nn.Module]] = {
    "method": Method,
    "encoder": nn.Module,
    "decoder": nn.Module,
    "critic": nn.Module,
    "likelihood": Likelihood,
}  # of every other kind: Part


def class_of(name: Any, kind: str) -> Any:
    """The class of a method or part by name, or the class at "module:Class", which is imported.

    kind: "method", or a kind of part. ValueError if there is none of that name, or if it is no such
    class.
    """
    table = {"method": METHODS, **PARTS}.get(kind, {})
    where = entry_of(name, table, kind).where
    if ":" not in name:
        return locate(where)
    # a class of the user's own may stand in the working directory
    found = locate(where, beside=[Path.cwd()])
    return checked(found, name, kind)


def entry_of(name: Any, table: Mapping[str, Entry], kind: str) -> Entry:
    """The entry of a name in a table, or a new one for "module:Class".

    ValueError with the nearest name if there is none.
    """
    if not isinstance(name, str):
        raise ValueError(f"the {kind} is {shown(name)}; expected a name or module:Class")
    if ":" in name:
        return Entry(name, "")
    if name not in table:
        hint = module_hint(name, "class") or nearest(name, table)
        raise ValueError(f"there is no {kind} {shown(name)}; {hint}")
    return table[name]


def checked(found: Any, name: str, kind: str) -> Any:
    """The object found under a name, after a type check.

    ValueError if it is no class of this kind.
    """
    base = BASES.get(kind, Part)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ValueError(
            f"{name} is no {kind}: that is a class derived from {base.__module__}.{base.__name__}"
        )
    return found
