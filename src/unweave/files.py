"""Files that are replaced at once."""

from __future__ import annotations

import os
from pathlib import Path


class WriteError(ValueError):
    """A file could not be written; the message says which and why. What was there before is still there."""


def write(path: Path, content: bytes) -> None:
    """Replace a file at once: readers see the old one or the new one; a full disk leaves the old one."""
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        with new.open("xb") as file:  # not through a link that stands there
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise WriteError(f"could not write {path}: {error.strerror}; what was there is kept") from error
