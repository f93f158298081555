"""Gzipped files: recognised by their first bytes, and unpacked while they are read."""

from __future__ import annotations

import gzip
from io import BufferedIOBase
from pathlib import Path

MAGIC = b"\x1f\x8b"


def is_gzip(path: Path) -> bool:
    """Whether the file begins as gzip files do."""
    with path.open("rb") as file:
        return file.read(2) == MAGIC


def unpacked(path: Path) -> BufferedIOBase:
    """The file open for reading, its content unpacked if it is gzipped."""
    if is_gzip(path):
        return gzip.open(path)
    return path.open("rb")
