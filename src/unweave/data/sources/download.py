"""Download of a published file: resumed if interrupted, verified, moved into place when complete.

Not by pooch (1.9.0), which has checksums, retries and progress but resumes nothing: of the server
of `tests/data/test_download.py` that breaks off after a tenth of the file it had nothing after five
requests, where this one took up the file at each break; the published files have up to 12 GB.
"""

from __future__ import annotations

import http.client
import logging
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import filelock

from unweave.data.sources.files import SOURCES, digest
from unweave.data.sources.published import HOME
from unweave.files.atomic import alone
from unweave.settings import as_option

log = logging.getLogger(__name__)
BLOCK = 1 << 18
TRIES = 5  # in a row without a single new byte
SCHEMES: tuple[str, ...] = ("http", "https")
FAILED = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
Progress = Callable[[int, int], None]


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within its scheme or from http to https; ValueError for any other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: Any, msg: Any, headers: Any, newurl: str
    ) -> Any:
        allowed = SCHEMES
        if req.type == "https":
            allowed = ("https",)
        _refuse_scheme(newurl, req.full_url, allowed)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


OPENER = urllib.request.build_opener(_Redirects)


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

    sha256, size: of the whole file, "" and 0 if not known. timeout: seconds without a byte before
    the next attempt. Of two processes that fetch a file one waits for the other, and finds it
    there.

    ValueError for an address that is not of http or https, or leads away from that.
    """
    if target.is_file():
        return target
    _refuse_scheme(address, address, SCHEMES)
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
    # until the part is whole, each attempt goes on where the last one broke off
    part = target.with_name(target.name + ".part")
    idle = 0  # attempts in a row without a new byte
    while True:
        before = _size(part)
        try:
            whole = _continue(address, part, timeout, progress)
            break
        except FAILED as error:
            idle += 1
            if _size(part) > before:
                idle = 0
            refused = isinstance(error, urllib.error.HTTPError) and 300 <= error.code < 500
            if idle >= TRIES or refused:
                raise OSError(
                    f"{address} cannot be fetched: {error}; what has come is kept in {part}"
                ) from error
            log.info("%s broke off (%s); going on", address, error)
    # a wrong file is removed, or it would be resumed for ever
    found = part.stat().st_size
    expected = size or whole or found
    if found != expected or (sha256 and digest(part) != sha256):
        part.unlink()
        raise ValueError(
            f"what {address} gave is not the published file: {found:,} bytes, or another checksum"
        )
    os.replace(part, target)
    return target


def _refuse_scheme(leads_to: str, address: str, allowed: Sequence[str]) -> None:
    """ValueError if an address leads to one, or is one, whose scheme is not among the allowed."""
    scheme = urllib.parse.urlsplit(leads_to).scheme
    if scheme not in allowed:
        expected = " or ".join(allowed)
        raise ValueError(
            f"{address} leads to {leads_to}, which is not fetched: "
            f"expected an address of {expected}"
        )


def _continue(address: str, part: Path, timeout: float | int, progress: Progress | None) -> int:
    """Download what is missing of `part`; returns the size of the whole, 0 if it is not stated."""
    there = _size(part)
    request = urllib.request.Request(address)
    if there:
        request.add_header("Range", f"bytes={there}-")
    try:
        answer = OPENER.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        # range not satisfiable: nothing is missing, or it is another file
        if error.code == 416 and there:
            return _size_in(error.headers.get("Content-Range"))
        raise
    mode = "wb"  # the whole file is sent
    if answer.status == 206:  # partial content
        mode = "ab"
    with answer, part.open(mode) as file:
        done = file.tell()
        missing = int(answer.headers.get("Content-Length") or 0)
        whole = 0
        if missing:
            whole = done + missing
        while block := answer.read(BLOCK):
            file.write(block)
            done += len(block)
            if progress:
                progress(done, whole)
    if whole and done < whole:
        raise ConnectionError(f"{done:,} of {whole:,} bytes came")
    return whole


def _size(part: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    if not part.is_file():
        return 0
    return part.stat().st_size


def _size_in(content_range: str | None) -> int:
    """The size of the whole file in a header Content-Range, 0 if not stated."""
    total = (content_range or "").rpartition("/")[2]
    if not total.isdecimal():
        return 0
    return int(total)
