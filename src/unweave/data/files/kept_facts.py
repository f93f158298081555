"""Cache of the facts of the files in a folder, so that each file is opened once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from unweave.data.files.frames import FrameFacts, facts
from unweave.data.files.state import stated
from unweave.files.atomic import WriteError, write
from unweave.files.places import cache

log = logging.getLogger(__name__)
KEPT = 6  # version of the cache's format; another number invalidates older caches


@dataclass(slots=True)  # not frozen: that makes 200,000 of them twice as slow
class Shown:
    """A picture file with its facts. state: what was `stated` of it when it was listed."""

    file: str
    state: str
    facts: FrameFacts

    @property
    def path(self) -> Path:
        """The file, made a `Path` only where it is read: for 200,000 that takes a second."""
        return Path(self.file)


class KeptFacts:
    """The facts of files below `place`, those of unchanged files from the user's cache folder.

    The cache is JSON: pairs of facts and of the states of all files that have them, which most
    files of a folder share. A file whose state is not in it is opened.
    """

    def __init__(self, place: Path) -> None:
        name = hashlib.blake2b(os.fsencode(f"{place.resolve()} {KEPT}"), digest_size=8).hexdigest()
        self.file = f"{name}.json"
        self.requested: dict[str, FrameFacts] = {}
        self.known: dict[str, FrameFacts] = {}
        with contextlib.suppress(OSError, ValueError, TypeError):
            for fact, states in json.loads(self._path().read_bytes()):
                self.known.update(dict.fromkeys(states, _read(fact)))

    def _path(self) -> Path:
        """The file of the facts. OSError if there is no cache."""
        return cache() / "folders" / self.file

    def shown(self, file: str, whole: bool = False) -> Shown:
        """A file with its `facts`, from the cache if the file has not changed."""
        state = stated(file)
        key = state
        if whole:
            key += " whole"
        found = self.known.get(key)
        if found is None:
            found = facts(Path(file), whole)
        self.requested[key] = found
        return Shown(file, state, found)

    def keep(self) -> None:
        """Write the facts that were looked up to the cache; a warning if it cannot be written."""
        if self.requested.keys() <= self.known.keys():
            return
        # most files of a folder share their facts: {facts: states of the files}
        states: dict[FrameFacts, list[str]] = {}
        for key, found in self.requested.items():
            states.setdefault(found, []).append(key)
        rows = [
            [[found.count, found.colour, found.clip, found.deep], keys]
            for found, keys in states.items()
        ]
        try:
            path = self._path()
            path.parent.mkdir(exist_ok=True)
            write(path, json.dumps(rows).encode())
        except (OSError, WriteError) as error:
            log.warning("what the files show is not kept: %s", error)


def _read(fact: object) -> FrameFacts:
    """FrameFacts from JSON. ValueError if they are none."""
    match fact:
        case [int(count), "grey" | "rgb" as colour, bool(clip), None] if count > 0:
            return FrameFacts(count, colour, clip)
        case [
            int(count),
            "grey",
            bool(clip),
            ["whole" | "float" as kind, float(low), float(high)],
        ] if count > 0:
            return FrameFacts(count, "grey", clip, (kind, low, high))
    raise ValueError(f"{fact} are no facts of a picture")
