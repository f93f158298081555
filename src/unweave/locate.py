"""The object at "module:Name": how a stranger's method, part, data set or metric is named without being registered."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from unweave.settings import nearest


def locate(where: str) -> Any:
    """The object at "module:Name". ValueError if it is not there; the working directory counts as a place of modules."""
    module, _, name = where.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        found = importlib.import_module(module)
    except (ModuleNotFoundError, ValueError) as error:
        if isinstance(error, ModuleNotFoundError) and not f"{module}.".startswith(f"{error.name}."):
            raise ValueError(f"{where}: {module} imports {error.name!r}, which is not installed") from error
        raise ValueError(
            f"{where}: there is no module {module!r}; it is looked for beside you and in the path"
        ) from error
    if not hasattr(found, name):
        raise ValueError(f"{where}: the module has no {name!r}; {nearest(name, public(found))}")
    return getattr(found, name)


def public(module: Any) -> list[str]:
    """The names that a module itself defines."""
    return [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
