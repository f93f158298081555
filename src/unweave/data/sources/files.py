"""Published files on the user's disk: where they are, and whether their checksums are right.

A checksum is in the catalogue only if its source is known; for others it is recorded at first use,
beside the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from unweave.data.sources.catalogue import SOURCES, Source
from unweave.data.sources.published import HOME, find
from unweave.files.places import cached

__all__ = ["SOURCES", "Source", "check", "digest", "located", "verify", "wanted"]
BLOCK = 1 << 20
NOTE = ".sha256.json"


def located(name: str, root: str | Path | None, file: str = "") -> Path | None:
    """Path of a data set's published file, the first one unless named; None if missing.

    It may be gzipped or not.
    """
    source = SOURCES[name]
    place = root or os.environ.get(HOME)
    if place is None:
        return None
    file = file or source.file
    spellings = [file, file.removesuffix(".gz")]
    if source.folder:  # the file of another set has the same name, so no other folder is searched
        for own in spellings:
            if (Path(place) / own).is_file():
                return Path(place) / own
        spellings = [f"{source.folder}/{spelling}" for spelling in spellings]
    try:
        return find(spellings[0], place, *spellings[1:])
    except FileNotFoundError:
        return None


def wanted(name: str, root: str | Path | None, file: str = "") -> Path:
    """Path of a data set's published file; FileNotFoundError with its address and stand-in."""
    source = SOURCES[name]
    found = located(name, root, file)
    if found is None:
        place = f"in ${HOME} ({os.environ.get(HOME) or 'not set'})"
        if root is not None:
            place = f"in {root}"
        problem = (
            f"{name} needs the file {file or source.file}, which is not {place}; "
            f"it is from {source.address}"
        )
        if source.stand_in:
            problem += f"; without it, {source.stand_in} is drawn in its manner"
        raise FileNotFoundError(problem)
    return found


def verify(name: str, path: Path) -> str:
    """Verdict on a file in words.

    ValueError if it is not the published one, or has changed since first use.
    """
    _, sha256 = SOURCES[name].files.get(path.name, (0, ""))
    found = digest(path)
    if sha256:
        if found != sha256:
            raise ValueError(
                f"{path} is not the published file: its sha256 is {found}; expected {sha256}"
            )
        return f"{path} is the published file"
    notes = [path.with_name(path.name + NOTE), cached(path, NOTE)]
    for note in notes:
        if note.is_file():
            first = _noted(note)
            if found != first:
                raise ValueError(
                    f"{path} has changed since its first use: its sha256 is {found}; it was {first}"
                )
            return f"{path} is unchanged since its first use"
    where = _note(notes, json.dumps({"sha256": found, "size": path.stat().st_size}))
    return (
        f"no checksum of {path.name} was published; "
        f"{found} is recorded as that of its first use, in {where}"
    )


def _note(places: Sequence[Path], text: str) -> Path:
    """The first of the places in which the text could be written. OSError if there is none."""
    for place in places[:-1]:
        with contextlib.suppress(OSError):  # a folder of data may be read-only
            place.write_text(text)
            return place
    places[-1].parent.mkdir(exist_ok=True)
    places[-1].write_text(text)
    return places[-1]


def _noted(note: Path) -> str:
    try:
        return str(json.loads(note.read_text())["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{note}, the checksum of the first use, is damaged; remove it to record another"
        ) from error


def check(name: str, path: Path) -> None:
    """ValueError if a file of the published size has another checksum.

    Files of other sizes are not checked.
    """
    size, sha256 = SOURCES[name].files.get(path.name, (0, ""))
    if sha256 and path.stat().st_size == size and digest(path) != sha256:
        raise ValueError(f"{path} is damaged: its sha256 is not the published one; fetch it again")


def digest(path: Path) -> str:
    """The sha256 of a file."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            total.update(block)
    return total.hexdigest()
