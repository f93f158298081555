"""Fetch a published file: continued where it broke off, checked, and in its place only when it is whole."""

from __future__ import annotations

import http.client
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from unweave.data.sources.files import SOURCES, digest
from unweave.data.sources.published import HOME

log = logging.getLogger(__name__)
BLOCK = 1 << 18
TRIES = 5  # in a row without a single new byte
FAILED = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
Progress = Callable[[int, int], None]


def get(name: str, root: str | Path | None = None, *, progress: Progress | None = None) -> list[Path]:
    """The files of a data set, fetched into `root` (or $UNWEAVE_DATA) unless they are there; their places.

    progress: called with (bytes so far, bytes in all or 0). ValueError for a set that has no file of its own at its
    address, or a file that is not the published one; OSError if it cannot be fetched or written.
    """
    if name not in SOURCES:
        raise ValueError(f"{name} is not published as a file; there are: {', '.join(SOURCES)}")
    source, place = SOURCES[name], root or os.environ.get(HOME)
    if not place:
        raise ValueError(f"where to? give root=FOLDER or set ${HOME}")
    if not source.direct:
        raise ValueError(f"{name} is fetched by hand: see {source.address} ({source.licence})")
    folder, address = Path(place) / source.folder, source.address.removesuffix(source.file)
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
    """The file at `address` as `target`. What has come stays in TARGET.part, and the next call goes on from there.

    sha256, size: of the whole file, "" and 0 if not known. timeout: seconds without a byte before it is tried again.
    """
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    idle = 0
    while True:
        before = part.stat().st_size if part.is_file() else 0
        try:
            whole = _continue(address, part, timeout, progress)
            break
        except FAILED as error:
            idle = 0 if part.is_file() and part.stat().st_size > before else idle + 1
            refused = isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500
            if idle >= TRIES or refused:
                raise OSError(f"{address} cannot be fetched: {error}; what has come is kept in {part}") from error
            log.info("%s broke off (%s); going on", address, error)
    found = part.stat().st_size
    if found != (size or whole or found) or (sha256 and digest(part) != sha256):
        part.unlink()
        raise ValueError(f"what {address} gave is not the published file: {found:,} bytes, or another checksum")
    os.replace(part, target)
    return target


def _continue(address: str, part: Path, timeout: float | int, progress: Progress | None) -> int:
    """Fetch what is missing of `part`; the size of the whole file, 0 if the server does not say."""
    there = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        answer = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and there:  # nothing is missing, or the part is not of this file
            return _size_in(error.headers.get("Content-Range"))
        raise
    with answer, part.open("ab" if answer.status == 206 else "wb") as file:
        done = file.tell()
        missing = int(answer.headers.get("Content-Length") or 0)
        whole = done + missing if missing else 0
        while block := answer.read(BLOCK):
            file.write(block)
            done += len(block)
            if progress:
                progress(done, whole)
    if whole and done < whole:
        raise ConnectionError(f"{done:,} of {whole:,} bytes came")
    return whole


def _size_in(content_range: str | None) -> int:
    total = (content_range or "").rpartition("/")[2]
    return int(total) if total.isdecimal() else 0
