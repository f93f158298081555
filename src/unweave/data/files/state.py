"""State of files, by which a copy is known to be current: sizes, times, inodes, sampled bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

VERSION = 1  # of what is hashed and of how copies are written; another number makes all copies anew
FILES = 64  # of which bytes are read; of the others size, times and inode have to do
BLOCKS = 16  # read of each of these, the first and the last bytes among them
BLOCK = 4096


def stated(file: Path | str) -> str:
    """Name, size, times and inode of a file. OSError if it is missing."""
    seen = os.stat(file)
    name = os.fspath(file).rpartition(os.sep)[2]
    return f"{name}\0{seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns} {seen.st_ino}"


def state_of(files: Sequence[Path | str], known: Sequence[str] = ()) -> str:
    """32 hex digits that differ if a file was changed, replaced, added, renamed, removed or moved.

    A file that is put in the place of another with the same size and modification time differs in
    its inode, or else in the time of its last change of any kind (ctime), which cannot be set.
    Folders are not named, so that they may be moved. known: what is `stated` of each, where that
    was read already. OSError if a file is missing.
    """
    found = hashlib.blake2b(f"{VERSION} {len(files)}\n".encode(), digest_size=16)
    lines = "\n".join(known or map(stated, files))
    found.update(os.fsencode(lines + "\n"))
    for i in _spread(len(files), FILES):
        for block in _sampled(Path(files[i])):
            found.update(block)
    return found.hexdigest()


def pictures(folder: Path, suffix: str) -> list[Path]:
    """The files of this suffix below a folder, by name; faster than a search by pattern."""
    found = []
    for place, _, names in os.walk(folder):
        found += [os.path.join(place, name) for name in names if name.endswith(suffix)]
    return [Path(name) for name in sorted(found)]


def _sampled(file: Path) -> list[bytes]:
    """Blocks of a file, evenly spaced; the whole of a small one."""
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size <= BLOCKS * BLOCK:
            return [stream.read()]
        blocks = []  # BLOCK bytes each, the first and the last of the file among them
        for k in _spread(size - BLOCK + 1, BLOCKS):
            stream.seek(k)
            blocks.append(stream.read(BLOCK))
        return blocks


def _spread(n: int, most: int) -> list[int]:
    """At most `most` of the numbers below n, evenly spaced, with both ends.

    >>> _spread(10, 4), _spread(2, 4)
    ([0, 3, 6, 9], [0, 1])
    """
    if not n:
        return []
    return sorted({i * (n - 1) // (most - 1) for i in range(most)})
