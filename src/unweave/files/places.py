"""The user's own folders: `cache` for what can be made again, `state` for what is theirs alone.

platformdirs knows the usual places, and neither whether they can be written nor what to do without
a home, as in a container that runs as a number (`docker run --user 1000`).
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import stat
import sys
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)


def cache() -> Path:
    """The user's folder for what can be made again; it exists and can be written.

    $XDG_CACHE_HOME/unweave or ~/.cache/unweave. Where there is no home, or it cannot be written, a
    folder of the user's alone among the temporary files, which is logged once. OSError if that
    cannot be had either.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    home = os.environ.get("HOME", "")
    found = _chosen(given, home)
    if not found.is_dir():  # removed since
        _chosen.cache_clear()
        found = _chosen(given, home)
    return found


@functools.lru_cache(maxsize=8)
def _chosen(given: str, home: str) -> Path:
    """The cache for these values of the environment; looked for, and logged, once in a process."""
    try:
        if Path(given).is_absolute():
            return _writable(Path(given) / "unweave")
        return _writable(_home() / ".cache" / "unweave")
    except OSError as error:
        found = _temporary()
        log.warning(
            "no cache in the home directory (%s); what is kept for later goes to %s", error, found
        )
        return found


def cached(path: Path, suffix: str = "") -> Path:
    """The place in the cache for what belongs to a file at `path` and cannot be beside it.

    Equal names in different folders have different places; the folder of the place may be missing.
    """
    folder = hashlib.blake2b(os.fsencode(path.parent.resolve()), digest_size=8).hexdigest()
    return cache() / folder / (path.name + suffix)


def state() -> Path:
    """The user's folder for what is theirs alone: in $XDG_STATE_HOME, or the platform's place.

    OSError if there is none.

    A secret has no place among temporary files, so there is no other folder.
    """
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        return given / "unweave"
    by_platform = {"darwin": "Library/Application Support", "win32": "AppData/Local"}
    return _home() / by_platform.get(sys.platform, ".local/state") / "unweave"


def _home() -> Path:
    """The home directory. OSError if there is none, or a relative one, which may be anybody's."""
    try:
        home = Path.home()
    except RuntimeError as error:
        raise OSError(str(error)) from error
    if not home.is_absolute():
        raise OSError("there is no home directory")
    return home


def _writable(folder: Path) -> Path:
    """The folder, made if need be. OSError if no file can be made in it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{folder} cannot be written")
    return folder


def _temporary() -> Path:
    """The user's folder among the temporary files.

    OSError if it is not theirs alone: others could fill it.
    """
    if not hasattr(os, "getuid"):  # the temporary files of Windows are each user's own
        return _writable(Path(tempfile.gettempdir()) / "unweave")
    folder = Path(tempfile.gettempdir()) / f"unweave-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not yours alone: remove it")
    return _writable(folder)
