"""Whose code a file may name: importing a module runs it, and a file may come from anybody.

What stands in a run folder, a recipe or a file of options is looked up in the tables of this
package. "module:Name" is third-party code there: it takes the user's word, `--trust`, or, for a
run, the user's own seal (see `runs.seal`).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from unweave.data import TABLE
from unweave.methods import METHODS, PARTS, kind_of


class NotTrusted(ValueError):
    """A file names code that is not unweave's, and nobody vouched for it; nothing was imported."""


def foreign(method: Any = None, parts: Mapping[str, Any] = {}, data: Any = None) -> list[str]:
    """Which of these names are third-party code: "module:Name", and in no table of this package.

    parts: {dotted kind: name}.
    """
    named: list[tuple[Any, Collection[str]]] = [(method, METHODS)]
    for path, name in parts.items():
        kind = kind_of(path.rpartition(".")[2])
        named.append((name, PARTS.get(kind or "", ())))
    if not (isinstance(data, str) and os.path.exists(data)):  # what is there is read, not run
        named.append((data, TABLE))
    found = [
        name for name, table in named if isinstance(name, str) and ":" in name and name not in table
    ]
    return list(dict.fromkeys(found))


def parts_in(options: Mapping[str, Any]) -> dict[str, Any]:
    """The parts among options or settings, by dotted kind."""
    dotted = {name.replace("__", "."): value for name, value in options.items()}
    return {name: value for name, value in dotted.items() if kind_of(name.rpartition(".")[2])}


def refuse(file: str | Path, names: Sequence[str]) -> None:
    """NotTrusted, in one line, if a file names code that is not unweave's."""
    if not names:
        return
    shown = ", ".join(name if name.isprintable() else ascii(name) for name in names)
    raise NotTrusted(
        f"{file} names {shown}, code that is not unweave's; --trust (trust=True) runs it"
    )
