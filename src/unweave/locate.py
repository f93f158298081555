"""The object at "module:Name". Importing a module runs it, so it matters who named it.

A name in a table of this package is imported from the package. What a user types is the user's: where it is not
installed, the working directory is looked in, for that import alone. What stands in a file goes through `trust` first.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from unweave.settings import nearest


def locate(where: str, beside: Sequence[str | Path] = ()) -> Any:
    """The object at "module:Name". ValueError if it is not there.

    beside: folders that are looked in too, where the module is not in the path; they are not left there.
    """
    module, _, name = where.partition(":")
    try:
        found = _imported(module, beside)
    except (ModuleNotFoundError, ValueError, TypeError) as error:  # the last two: of an empty name, and of ".name"
        if isinstance(error, ModuleNotFoundError) and not _is_missing(module, error):
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


def source(where: str) -> dict[str, str] | None:
    """{"file": base name, "blake2b": digest} of the file of the module in "module:Name"; None before it is imported, or
    where it has no file. What that file imports itself is not in the digest.
    """
    file = getattr(sys.modules.get(where.partition(":")[0]), "__file__", None)
    if file is None or not Path(file).is_file():
        return None
    return {"file": Path(file).name, "blake2b": hashlib.blake2b(Path(file).read_bytes(), digest_size=16).hexdigest()}


def _imported(module: str, beside: Sequence[str | Path]) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not beside or not _is_missing(module, error):
            raise
    with _looked_in(beside):
        return importlib.import_module(module)


def _is_missing(module: str, error: ModuleNotFoundError) -> bool:
    """Whether it is the module itself that is not there, or a package above it, and not one that it imports."""
    return f"{module}.".startswith(f"{error.name}.")


@contextmanager
def _looked_in(folders: Sequence[str | Path]) -> Iterator[None]:
    """The folders at the end of the path: what is installed comes first."""
    before = list(sys.path)
    sys.path += [str(folder) for folder in folders if str(folder) not in sys.path]
    try:
        yield
    finally:
        sys.path[:] = before
