"""Import of an object by its name "module:Name".

Importing runs code, so the source of a name matters.

A name in a table of this package is imported from the package. A name that a user types may also be
in the working directory, which is searched for that import alone if the module is not installed.
A name read from a file goes through `trust` first.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from unweave.settings import nearest

INSTALLED = {"site-packages", "dist-packages"}  # folders of what pip installs
NOT_OWN = {"unweave", *sys.stdlib_module_names}  # also where they lie below the user's folder


def locate(where: str, beside: Sequence[str | Path] = ()) -> Any:
    """The object at "module:Name".

    ValueError if it is not there, or if its module cannot be imported.

    beside: folders that are searched too if the module is not in the path; `sys.path` is restored.
    """
    module, _, name = where.partition(":")
    missing = f"{where}: there is no module {module!r}; it is looked for beside you and in the path"
    if module.endswith(".py"):
        stem = module.removesuffix(".py")
        raise ValueError(f"{where}: a module is named without .py: '{stem}:{name}'")
    if not all(part.isidentifier() for part in module.split(".")):  # an empty name, and ".name"
        raise ValueError(missing)
    try:
        found = _imported(module, beside)
    except ModuleNotFoundError as error:
        if not _is_missing(module, error):
            raise ValueError(
                f"{where}: {module} imports {error.name!r}, which is not installed"
            ) from error
        raise ValueError(missing) from error
    except Exception as error:  # the user's own code, which may raise anything
        raise ValueError(f"{where}: {module} cannot be imported: {_said(error)}") from error
    if not hasattr(found, name):
        raise ValueError(f"{where}: the module has no {name!r}; {nearest(name, public(found))}")
    return getattr(found, name)


def module_hint(name: str, thing: str) -> str:
    """How to name a `thing` of the module in the file `name` or `name`.py of the working directory.

    "" if there is no such file.
    """
    module = name.removesuffix(".py")
    # Path.is_file raises OSError for a name that is too long to be one
    if not module.isidentifier() or not os.path.isfile(f"{module}.py"):
        return ""
    return f"there is a file {module}.py here: name its {thing}, '{module}:NAME'"


def public(module: Any) -> list[str]:
    """The names that a module itself defines."""
    return [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
    ]


def source(where: str) -> dict[str, str] | None:
    """Name and digest of the file of a module, for "module:Name" or "module".

    {"file": base name, "blake2b": digest}.

    None before the module is imported, or if it has no file. What that file imports itself is not
    in the digest: see `sources_beside`.
    """
    file = _file_of(where.partition(":")[0])
    if file is None:
        return None
    return _described(file)


def sources_beside(where: str) -> dict[str, dict[str, str]]:
    """{module: as `source`} of the other imported modules in the folder, or package, of one.

    In folders below, too. Without installed packages, unweave, and the script that is run. where:
    "module:Name".
    """
    module = where.partition(":")[0]
    own = _file_of(module)
    if own is None:
        return {}
    first = sys.modules[module.partition(".")[0]]
    folders = [Path(place).resolve() for place in getattr(first, "__path__", [own.parent])]
    found = {}
    for name in sorted(sys.modules.keys() - {module, "__main__", "__mp_main__"}):
        if name.partition(".")[0] in NOT_OWN:
            continue
        file = _file_of(name)
        if file is None or INSTALLED.intersection(file.parts):
            continue
        if any(file.is_relative_to(folder) for folder in folders):
            found[name] = _described(file)
    return found


def _described(file: Path) -> dict[str, str]:
    digest = hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
    return {"file": file.name, "blake2b": digest}


def _file_of(module: str) -> Path | None:
    """The file of an imported module, in full; None if there is none."""
    # not getattr of the file, which may import what a module has put off
    file = getattr(sys.modules.get(module), "__dict__", {}).get("__file__")
    if not isinstance(file, str) or not Path(file).is_file():
        return None
    return Path(file).resolve()


def _imported(module: str, beside: Sequence[str | Path]) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not beside or not _is_missing(module, error):
            raise
    with _looked_in(beside):
        return importlib.import_module(module)


def _said(error: Exception) -> str:
    """An error in one line, with the line of the imported file that led to it."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())}"
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.name == "<module>":  # code at the top of the imported file
            return f"{said} ({Path(frame.filename).name}, line {frame.lineno})"
    return said  # a SyntaxError, which names its line


def _is_missing(module: str, error: ModuleNotFoundError) -> bool:
    """Whether the missing module is this one or a package above it, and not one that it imports."""
    return f"{module}.".startswith(f"{error.name}.")


@contextmanager
def _looked_in(folders: Sequence[str | Path]) -> Iterator[None]:
    """`sys.path` with the folders at its end, so that installed modules come first."""
    before = list(sys.path)
    sys.path += [str(folder) for folder in folders if str(folder) not in sys.path]
    try:
        yield
    finally:
        sys.path[:] = before
