"""Walk through a folder: the files below it, linked folders included, each folder once."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

from unweave.data.files.left_out import LeftOut
from unweave.data.files.natural import natural

SYSTEM = {  # folders that a system, a disk or an archive adds, with copies of pictures in them
    "$RECYCLE.BIN", "System Volume Information", "lost+found", "@eaDir", "#recycle", "__MACOSX",
}  # fmt: skip


def walk(place: Path, left: LeftOut) -> list[str]:
    """The files below `place`. Hidden files and folders (".git", "._1.png") are passed over, those of
    `SYSTEM` are added to `left`.

    A link to a folder is followed after all that lies in `place` itself, unless that folder was
    read before or contains `place`. What cannot be followed or opened is added to `left`. Paths are
    text, since a `Path` for each of 200,000 files takes seconds.
    """
    root = place.resolve()
    seen = {_identity(folder) for folder in root.parents}
    found: list[str] = []
    first = os.fspath(place)
    folders = deque([first])
    links: list[str] = []
    # folders first, breadth first; then one link after the other, by name
    while folders or links:
        if not folders:
            links.sort(key=natural, reverse=True)
            folders.append(links.pop())
        folder = folders.popleft()
        try:
            identity = _identity(folder)
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError:
            if folder == first:
                raise
            left.named("not allowed to be opened", folder)
            continue
        if identity in seen:
            left.named("linked twice or in a circle", folder)
            continue
        seen.add(identity)
        _sort(entries, found, folders, links, left)
    return found


def _sort(
    entries: list[os.DirEntry[str]],
    found: list[str],
    folders: deque[str],
    links: list[str],
    left: LeftOut,
) -> None:
    """Add each entry of a folder to the files, folders or links, or to what is left out."""
    for entry in entries:
        path = entry.path
        if entry.name[0] == ".":
            continue
        if entry.is_symlink():
            if os.path.isdir(path):
                links.append(path)
            elif os.path.isfile(path):
                found.append(path)
            else:
                left.named("linked to nothing", path)
        elif entry.name in SYSTEM:
            left.named("of the system", path)
        elif entry.is_dir():
            folders.append(path)
        elif entry.is_file():
            found.append(path)
        else:
            left.named("neither file nor folder", path)


def _identity(folder: Path | str) -> tuple[int, int]:
    """What a folder is, under whatever name: the device and its number there."""
    state = os.stat(folder)
    return state.st_dev, state.st_ino
