"""Download of a published file: resumed if interrupted, verified, moved into place when complete.

Not by pooch (1.9.0), which has checksums, retries and progress but resumes nothing: of the server
of `tests/data/test_download.py` that breaks off after a tenth of the file it had nothing after five
requests, where this one took up the file at each break; the published files have up to 12 GB.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import filelock

from unweave.data.sources import transfer
from unweave.data.sources.files import SOURCES, digest
from unweave.data.sources.published import HOME
from unweave.data.sources.transfer import FAILED, Progress, is_final, more, refuse_scheme
from unweave.files.atomic import alone
from unweave.settings import as_option
from unweave.text import visible

log = logging.getLogger(__name__)
TRIES = 5  # in a row without a single new byte
PAUSE = 0.5  # seconds after the first of them; then twice as many each time


def get(
    name: str, root: str | Path | None = None, *, progress: Progress | None = None
) -> list[Path]:
    """Paths of the files of a data set, downloaded into `root` or $UNWEAVE_DATA if not there.

    progress: called with (bytes so far, bytes in all or 0). ValueError for a set without a direct
    address, or a file that is not the published one; OSError if it cannot be downloaded or written.
    """
    if name not in SOURCES:
        raise ValueError(f"{name} is not published as a file; there are: {', '.join(SOURCES)}")
    source = SOURCES[name]
    place = root or os.environ.get(HOME)
    if not place:
        raise ValueError(f"where to? give {as_option('root', 'FOLDER')} or set ${HOME}")
    if not source.direct:
        raise ValueError(f"{name} is fetched by hand: see {source.address} ({source.licence})")
    folder = Path(place) / source.folder
    address = source.address.removesuffix(source.file)
    return [
        fetch(address + file, folder / file, sha256=sha256, size=size, progress=progress)
        for file, (size, sha256) in source.files.items()
    ]


def fetch(
    address: str,
    target: Path,
    *,
    sha256: str = "",
    size: int = 0,
    timeout: float | int = 30,
    progress: Progress | None = None,
) -> Path:
    """Path of the file at `address`, downloaded to `target`; a part, TARGET.part, is resumed.

    A part that another process has left is resumed where a checksum, or the server by its ETag or
    date, shows that it is of the same file.

    sha256, size: of the whole file, "" and 0 if not known. timeout: seconds without a byte before
    the next attempt. Of two processes that fetch a file one waits for the other, and finds it
    there.

    ValueError for an address that is not of http or https, or leads away from that.
    """
    if target.is_file():
        return target
    refuse_scheme(address, address)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with alone(target, timeout=0):
            return _fetch(address, target, sha256, size, timeout, progress)
    except filelock.Timeout:
        log.warning("%s is being downloaded by another process; waiting for it", target)
    with alone(target):
        return _fetch(address, target, sha256, size, timeout, progress)


def _fetch(
    address: str,
    target: Path,
    sha256: str,
    size: int,
    timeout: float | int,
    progress: Progress | None,
) -> Path:
    """As `fetch`, for a process that has the target to itself."""
    if target.is_file():  # another process has brought it meanwhile
        return target
    part = target.with_name(target.name + ".part")
    if not sha256 and not transfer.version_of(part):
        transfer.remove(part)  # nothing would show whether it is of the same file
    whole = _completed(address, part, timeout, progress)
    # a wrong file is removed, or it would be resumed for ever
    found = transfer.size(part)
    expected = size or whole or found
    if not found or found != expected or (sha256 and digest(part) != sha256):
        transfer.remove(part)
        raise ValueError(
            f"what {address} gave is not the published file: {found:,} bytes, or another checksum"
        )
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, target)
    transfer.remove(part)
    return target


def _completed(address: str, part: Path, timeout: float | int, progress: Progress | None) -> int:
    """Download until the part is whole: each attempt goes on where the last one broke off.

    Returns the size of the whole, 0 if it is not stated. OSError after `TRIES` attempts in a row
    without a byte more than ever before.
    """
    most = transfer.size(part)
    idle = 0
    while True:
        try:
            return more(address, part, timeout, progress)
        except FAILED as error:
            idle += 1
            now = transfer.size(part)
            if now > most:
                most = now
                idle = 0
            reason = visible(" ".join(str(error).split()))
            if idle >= TRIES or is_final(error):
                kept = f"; what has come is kept in {part}" if now else ""
                raise OSError(f"{address} cannot be fetched: {reason}{kept}") from error
            log.info("%s broke off (%s); going on", address, reason)
            if idle:
                time.sleep(PAUSE * 2 ** (idle - 1))
