"""Damaged files for the tests of the readers: how many, how each is damaged, and what a reader may do with it.

`UNWEAVE_MUTATIONS=1000 python -m pytest tests/data -k mutated --timeout 0` asks for as many of every reader, and
`python benchmarks/fuzz.py` prints what came of them.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

LONGEST = 2.0  # seconds of this process for one small file
MOST = 200.0  # megabytes over what was held before
LEFT = (
    "*.images.npy",
    "*.part",
)  # what unpacking a set leaves, so that the next damage is read and not remembered


@dataclass
class Tally:
    """What came of the damaged files of one reader; slowest in seconds of this process, memory in megabytes."""

    reader: str
    turns: int = 0
    refused: int = 0
    read: int = 0
    crashes: int = 0
    slowest: float = 0.0
    memory: float = 0.0


def mutated(*wholes: bytes, usual: int, seed: int = 0) -> Iterator[tuple[int, bytes]]:
    """(which of the whole files, its damaged bytes), one after the other; `usual` times if nobody asks for another number.

    1 to 5 places are damaged: one byte, one bit, or four bytes are replaced, up to 8 are put in, random ones or a copy
    of others, or taken out. Each fifth file is cut off at random instead.
    """
    rng = np.random.default_rng(seed)
    for turn in range(int(os.environ.get("UNWEAVE_MUTATIONS", usual))):
        which = turn % len(wholes)
        content = bytearray(wholes[which])
        if turn // len(wholes) % 5 == 0:
            del content[rng.integers(len(content)) :]
        else:
            for _ in range(rng.integers(1, 6)):
                _damage(content, _place(len(content), rng), rng)
        yield which, bytes(content)


def _place(length: int, rng: np.random.Generator) -> int:
    """A place in a file: in equal parts anywhere, nearer the beginning, where headers are, or nearer the end."""
    near = int(length ** rng.random()) - 1
    return [int(rng.integers(length)), near, length - 1 - near][rng.integers(3)]


def _damage(content: bytearray, place: int, rng: np.random.Generator) -> None:
    some = rng.integers(256, size=rng.integers(1, 9), dtype=np.uint8).tobytes()
    match rng.integers(8):
        case 0:
            content[place] ^= 1 << rng.integers(8)
        case 1:
            content[place : place + 4] = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"][
                rng.integers(3)
            ]
        case 2:
            content[place:place] = some
        case 3:
            where = _place(len(content), rng)
            content[place:place] = content[where : where + len(some)]
        case 4 if len(content) > 16:
            del content[place : place + len(some)]
        case _:
            content[place] = some[0]


def withstood(
    reader: str,
    files: Sequence[Path],
    read: Callable[[], object],
    *,
    usual: int,
    named: Sequence[str] = (),
    places: Sequence[Path] = (),
) -> Tally:
    """Damage the files, one at a time, and let each be read; raises the first crash once all were tried.

    read: reads the set and asserts that what it was given is consistent. It may refuse with a ValueError, or with a
    FileNotFoundError for what a table names, of one line that names the damaged file, or one of `named`. Whatever else
    it does, and more than LONGEST or MOST, is a crash. places: the folders where what it unpacks is removed each time.
    """
    wholes, tally, first = [file.read_bytes() for file in files], Tally(reader), None
    read()
    _tidy(places)
    for which, content in mutated(*wholes, usual=usual):
        files[which].write_bytes(content)
        os.utime(
            files[which], ns=(tally.turns,) * 2
        )  # each damage is a change, however soon it follows
        tally.turns += 1
        try:
            _once(tally, read, (files[which].name, *named))
        except Exception as error:
            tally.crashes += 1
            print(
                f"damage {tally.turns - 1} of {files[which].name}: {error!r}"
            )  # pytest shows it if the test fails
            first = first or error
        files[which].write_bytes(wholes[which])
        _tidy(places)
    if first is not None:
        raise Crashed(tally) from first
    return tally


class Crashed(AssertionError):
    """A reader did what it may not do with a damaged file; its cause is the first time."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(json.dumps(asdict(tally)))
        self.tally = tally


def _once(tally: Tally, read: Callable[[], object], named: Sequence[str]) -> None:
    before, start = _memory(again=True), time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a library may tell of the damage that it passes over
            read()
        tally.read += 1
    except (ValueError, FileNotFoundError) as error:
        said = str(error)
        if "\n" in said or not any(name in said for name in named):
            raise AssertionError(
                f"what was said does not name the file in one line: {said!r}"
            ) from error
        tally.refused += 1
    seconds, more = time.process_time() - start, _memory() - before
    tally.slowest, tally.memory = max(tally.slowest, seconds), max(tally.memory, more)
    assert seconds < LONGEST, f"it took {seconds:.1f} s"
    assert more < MOST, f"it took {more:.0f} MB"


def _memory(again: bool = False) -> float:
    """The most memory of this process in MB, of what was since it was asked for again; 0 where the system has no /proc."""
    if not os.path.exists("/proc/self/clear_refs"):
        return 0.0
    if again:
        Path("/proc/self/clear_refs").write_text("5")
    (most,) = (
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    return int(most.split()[1]) / 1000


def _tidy(places: Sequence[Path]) -> None:
    for left in [left for place in places for pattern in LEFT for left in place.rglob(pattern)]:
        left.unlink()
