"""Part files: written by one process at a time, and moved to their place when they are whole.

A lock says whether the writer of a part is alive; the operating system takes it back when a process
ends, however it ends. A part without a writer is removed by the next process that passes by.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import filelock

log = logging.getLogger(__name__)
PART = ".part"
LOCK = ".lock"


@contextlib.contextmanager
def writing(target: Path) -> Iterator[Path]:
    """The part file of `target`, which is not there yet, for this process; others wait for it.

    At the end it is removed, unless it was moved to its place. OSError if it cannot be written.
    """
    part = _beside(target, PART)
    lock = filelock.FileLock(_beside(target, LOCK))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        log.warning("waiting for another process, which writes %s", target)
        lock.acquire()
    try:
        part.unlink(missing_ok=True)  # of a process that was killed
        yield part
    finally:
        part.unlink(missing_ok=True)
        _release(lock)


def remove_dead(folder: Path, pattern: str) -> None:
    """Remove the part files in a folder of targets of this pattern whose writers have ended."""
    for part in folder.glob(pattern + PART):
        lock = filelock.FileLock(_beside(part.with_name(part.name.removesuffix(PART)), LOCK))
        with contextlib.suppress(OSError, filelock.Timeout):
            lock.acquire(timeout=0)
            try:
                size = part.stat().st_size
                part.unlink()
                log.warning("removed %s, %s bytes of a process that was killed", part, f"{size:,}")
            finally:
                _release(lock)


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


def _release(lock: filelock.BaseFileLock) -> None:
    """Release a lock and remove its file, the file first: later it could be another process's."""
    with contextlib.suppress(OSError):  # Windows removes no file that is open
        Path(lock.lock_file).unlink()
    lock.release()
