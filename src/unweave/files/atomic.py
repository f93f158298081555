"""Files that are replaced at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class WriteError(ValueError):
    """A file could not be written; the message says which and why. The old file is still there."""


def write(path: Path, content: bytes) -> None:
    """Replace a file at once: readers see the old or the new one; a full disk leaves the old one.

    Of two processes that write it one waits for the other; what a killed one left is removed by the
    next.
    """
    try:
        with alone(path):
            _replace(path, content)
    except OSError as error:
        raise WriteError(
            f"could not write {path}: {error.strerror}; what was there is kept"
        ) from error


@contextmanager
def alone(path: Path, timeout: float | int = -1) -> Iterator[None]:
    """The file `path`, there or not, for this process alone among those that come here for it.

    timeout: seconds to wait for another one, any time if negative; filelock.Timeout after it.
    OSError where the folder cannot be written to.
    """
    import filelock  # here: it imports asyncio, which what writes nothing does without

    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
    with lock.acquire(timeout=timeout):
        try:
            yield
        finally:
            # while it is locked: who waits for it tries again; Windows removes it by itself
            if os.name == "posix":
                Path(lock.lock_file).unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        with new.open("xb") as file:  # not through a link that stands there
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def refuse_undecodable(path: str | Path, name: str) -> None:
    """ValueError for a path that is no UTF-8, which libraries that work by its text would not find.

    Also for a text that no path can be: one with a null byte. name: of the argument, or what the
    path is of.
    """
    text = str(path)
    problem = ""
    try:
        text.encode()
        if "\0" in text:
            problem = f"{text!r}, in which there is a null byte: no path has one"
    except UnicodeEncodeError:
        problem = f"{_as_given(text)!r}, which is no UTF-8 text: rename the folder or file"
    if problem:
        raise ValueError(f"{name} is {problem}")


def _as_given(text: str) -> bytes | str:
    """The bytes of a path of the system; the text where it stands for none, as an escape of YAML."""
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:
        return text
