"""The seal of a user's own runs, which may import the user's code without `--trust`.

A new run that names third-party code is sealed: its origin.json holds the working directory and an
HMAC of that and of config.json, under a secret that stands in no run folder. A sealed run opens
without a word, wherever it was moved, and its code is imported from the directory in which it was
trained; a folder that somebody else made cannot bear the seal. The config holds a checksum of each
file of such code, and of what it imports from its folder, so that one that has changed since is
noticed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Collection
from pathlib import Path

from unweave.files.atomic import WriteError, write
from unweave.files.places import state
from unweave.runs.config import RunConfig
from unweave.runs.folder import read_config
from unweave.runs.own_files import ORIGIN
from unweave.settings.locate import locate, source, sources_beside
from unweave.trust import foreign, parts_in, refuse

log = logging.getLogger(__name__)


def admit(run: Path, config: RunConfig, *, trusted: bool, given: Collection[str] = ()) -> None:
    """Import the code that a run's config names and that is not unweave's.

    NotTrusted without the user's word or seal.

    given: what is handed in and so not looked up, "data" or parts by kind. Warns of a file that has
    changed since.
    """
    if not (names := _named(config, given)):
        return
    folders: list[Path] = []
    origin = _origin(run, config)
    if origin is not None:
        folders.append(origin)
    if trusted:
        folders.append(Path.cwd())
    if not folders:
        refuse(run, names)
    for name in names:
        locate(name, beside=folders)
    for name, then in config.code.items():
        if ":" in name and name not in names:  # handed in
            continue
        now = source(name)
        if now and then != now:
            warnings.warn(
                f"{run}: {now['file']}, of {name}, has changed since the run was made", stacklevel=3
            )


def sources(config: RunConfig) -> dict[str, dict[str, str]]:
    """The files of third-party code that a config names, as `RunConfig.code` says."""
    found: dict[str, dict[str, str]] = {}
    for name in _named(config):
        if own := source(name):
            found |= {name: own, **sources_beside(name)}
    return found


def seal(run: Path, config: RunConfig) -> None:
    """Mark a new run as the user's own, if it names code that is not unweave's.

    A warning where that is not possible.
    """
    names = _named(config)
    if not names:
        return
    directory = str(Path.cwd())
    try:
        mark = _mark(_secret(make=True), directory, (run / "config.json").read_bytes())
        write(run / ORIGIN, json.dumps({"directory": directory, "seal": mark}).encode())
    except (OSError, WriteError) as error:
        message = "%s is not remembered as yours (%s): opening it will take --trust (trust=True)"
        log.warning(message, run, error)


def _named(config: RunConfig, given: Collection[str] = ()) -> list[str]:
    method = config.method
    objects = {*method.modules, *given}
    names = foreign(method.name)
    # a part among the settings would be taken before the one among the parts
    for named in (method.parts, parts_in(method.settings)):
        names += foreign(parts={path: name for path, name in named.items() if path not in objects})
    if "data" not in given:
        names += foreign(data=config.data.source)
    return list(dict.fromkeys(names))


def _origin(run: Path, config: RunConfig) -> Path | None:
    """The directory in which the user trained a run.

    None if its config bears no seal of this user's.
    """
    try:
        sealed = json.loads((run / ORIGIN).read_text())
        written = (run / "config.json").read_bytes()
        expected = _mark(_secret(make=False), sealed["directory"], written)
        mine = hmac.compare_digest(expected.encode(), sealed["seal"].encode())
        if mine and read_config(written, run)[1] == config:
            return Path(sealed["directory"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _mark(secret: bytes, directory: str, config: bytes) -> str:
    return hmac.new(secret, os.fsencode(directory) + b"\0" + config, hashlib.sha256).hexdigest()


def _secret(*, make: bool) -> bytes:
    """32 random bytes that the user alone may read, made at their first use.

    OSError if they cannot be had.
    """
    path = state() / "secret"
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, new = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(32))
        try:
            # whole or not at all, and never over one that another process has made
            os.link(new, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(new)
    status = path.stat()
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
        raise PermissionError(f"{path} is not yours alone: remove it to make another")
    return path.read_bytes()
