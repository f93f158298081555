"""Locks of a run folder, one writer at a time; the system releases them when their process ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from unweave.runs.errors import RunError

WRITING = ".lock"  # while a run is trained
SCORING = ".scores.lock"  # while its scores are replaced
PATIENCE = 10.0  # seconds that scores wait for others to be written


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """The run folder `path` for this process alone while it trains.

    RunError if another one trains it.
    """
    lock = filelock.FileLock(path / WRITING)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise RunError(
            f"{path} is being trained by another process: wait until it has ended, or stop it"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def scoring(path: Path) -> Iterator[None]:
    """The scores of a run folder for this process alone.

    RunError if others do not finish writing theirs.
    """
    lock = filelock.FileLock(path / SCORING)
    try:
        lock.acquire(timeout=PATIENCE)
    except filelock.Timeout:
        raise RunError(
            f"the scores of {path} are being written by another process: try again"
        ) from None
    try:
        yield
    finally:
        lock.release()
