"""The beginning of a run's folder: made, locked and sealed, also in the place of another run."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from unweave.files.atomic import WriteError
from unweave.runs.config import RunConfig
from unweave.runs.errors import RunError
from unweave.runs.folder import Folder
from unweave.runs.lock import WRITING, writing
from unweave.runs.own_files import NEXT
from unweave.runs.seal import seal


def begin(path: Path, config: RunConfig, overwrite: bool, lock: ExitStack) -> None:
    """Make the run's folder, locked and sealed.

    A run that is there is replaced if `overwrite` says so, or if it kept nothing.
    """
    if overwrite and path.is_symlink():
        raise RunError(
            f"{path} is a symbolic link, and is not overwritten: remove it, or choose another out"
        )
    path.mkdir(parents=True, exist_ok=True)
    try:
        lock.enter_context(writing(path))
        overwrite = overwrite or (not path.is_symlink() and Folder.is_unused(path))
        seal(Folder.create(path, config, overwrite=overwrite).path, config)
    except WriteError:
        (path / WRITING).unlink(missing_ok=True)
        if not any(path.iterdir()):  # nothing half-written is left
            path.rmdir()
        raise


def finish_replacement(path: Path) -> None:
    """Complete an overwrite that was killed: the run that goes on is the new one."""
    if (path / NEXT).is_file():
        with writing(path):
            Folder.replace(path)
