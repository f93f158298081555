"""Whose code a file may name: importing a module runs it, and a file may come from anybody.

What stands in a run folder, a recipe or a file of options is looked up in the tables of this package. "module:Name" is
foreign code there: it takes the user's word, or the user's own seal. A new run that names code of its user's is sealed:
its origin.json holds the working directory and an HMAC of that and of config.json, under a secret that stands in no run
folder. A sealed run opens without a word, wherever it was moved, and its code is imported from the directory in which it
was trained; a folder that somebody else made cannot bear the seal. The config holds a checksum of each file of such code,
so that one that has changed since is noticed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from unweave.data import TABLE
from unweave.files import WriteError, write
from unweave.locate import locate, source
from unweave.methods import METHODS, PARTS

log = logging.getLogger(__name__)
SEAL = "origin.json"


class NotTrusted(ValueError):
    """A file names code that is not unweave's, and nobody vouched for it. Nothing of it was imported."""


def foreign(method: Any = None, parts: Mapping[str, Any] = {}, data: Any = None) -> list[str]:
    """Which of these names are code that is not unweave's: "module:Name", and in no table. parts: by dotted kind."""
    kinds = {path: PARTS.get(path.rpartition(".")[2], {}) for path in parts}
    named: list[tuple[Any, Collection[str]]] = [
        (method, METHODS),
        *((name, kinds[path]) for path, name in parts.items()),
    ]
    if not (isinstance(data, str) and Path(data).exists()):  # what is there is read, not run
        named.append((data, TABLE))
    found = [name for name, table in named if isinstance(name, str) and ":" in name and name not in table]
    return list(dict.fromkeys(found))


def parts_in(options: Mapping[str, Any]) -> dict[str, Any]:
    """The parts among options or settings, by dotted kind."""
    dotted = {name.replace("__", "."): value for name, value in options.items()}
    return {name: value for name, value in dotted.items() if name.rpartition(".")[2] in PARTS}


def refuse(file: str | Path, names: Sequence[str]) -> None:
    """NotTrusted, in one line, if a file names code that is not unweave's."""
    if names:
        shown = ", ".join(name if name.isprintable() else ascii(name) for name in names)
        raise NotTrusted(f"{file} names {shown}, code that is not unweave's; --trust (trust=True) runs it")


def admit(run: Path, config: Mapping[str, Any], *, trusted: bool, given: Collection[str] = ()) -> None:
    """Import the code that a run's config names and that is not unweave's. NotTrusted without the user's word or seal.

    given: what is handed in and so not looked up, "data" or parts by kind. Warns of a file that has changed since.
    """
    if not (names := _named(config, given)):
        return
    folders = [folder for folder in (_origin(run, config), Path.cwd() if trusted else None) if folder is not None]
    if not folders:
        refuse(run, names)
    for name in names:
        locate(name, beside=folders)
        then, now = config.get("code", {}).get(name), source(name)
        if then and now and then != now:
            warnings.warn(f"{run}: {now['file']}, of {name}, has changed since the run was made", stacklevel=3)


def sources(config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """{"module:Name": its file and checksum} of all code that a config names, that is not unweave's and has a file."""
    return {name: found for name in _named(config) if (found := source(name)) is not None}


def seal(run: Path, config: Mapping[str, Any]) -> None:
    """Mark a new run as the user's own, if it names code that is not unweave's; a warning where that is not possible."""
    names = _named(config)
    if not names:
        return
    directory = str(Path.cwd())
    try:
        mark = _mark(_secret(make=True), directory, (run / "config.json").read_bytes())
        write(run / SEAL, json.dumps({"directory": directory, "seal": mark}).encode())
    except (OSError, WriteError) as error:
        log.warning("%s is not remembered as yours (%s): opening it will take --trust (trust=True)", run, error)


def state() -> Path:
    """The user's folder for what is theirs alone: below $XDG_STATE_HOME, or where the platform keeps it. OSError if none."""
    own = {"darwin": "Library/Application Support", "win32": "AppData/Local"}.get(sys.platform, ".local/state")
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        place = given if given.is_absolute() else Path.home() / own
    except RuntimeError as error:
        raise OSError(str(error)) from error
    if not place.is_absolute():  # it would be in the working directory, where anybody's files may be
        raise OSError("there is no home directory")
    return place / "unweave"


def _named(config: Mapping[str, Any], given: Collection[str] = ()) -> list[str]:
    method, objects = config["method"], {*config["method"]["modules"], *given}
    parts = {path: name for path, name in method["parts"].items() if path not in objects}
    return foreign(method["name"], parts, None if "data" in given else config["data"]["source"])


def _origin(run: Path, config: Mapping[str, Any]) -> Path | None:
    """The directory in which the user trained a run; None if its config bears no seal of this user's."""
    try:
        told = json.loads((run / SEAL).read_text())
        written = (run / "config.json").read_bytes()
        expected = _mark(_secret(make=False), told["directory"], written)
        mine = hmac.compare_digest(expected.encode(), told["seal"].encode()) and json.loads(written) == config
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Path(told["directory"]) if mine else None


def _mark(secret: bytes, directory: str, config: bytes) -> str:
    return hmac.new(secret, os.fsencode(directory) + b"\0" + config, hashlib.sha256).hexdigest()


def _secret(*, make: bool) -> bytes:
    """32 random bytes that the user alone may read, made at their first use. OSError if they cannot be had."""
    path = state() / "secret"
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, new = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(32))
        try:
            os.link(new, path)  # whole or not at all, and never over one that another process has made
        except FileExistsError:
            pass
        finally:
            os.unlink(new)
    told = path.stat()
    if hasattr(os, "getuid") and (told.st_uid != os.getuid() or told.st_mode & 0o077):
        raise PermissionError(f"{path} is not yours alone: remove it to make another")
    return path.read_bytes()
