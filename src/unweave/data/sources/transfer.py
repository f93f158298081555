"""One attempt at a file over HTTP: what is missing of its part, of the version that the part is of."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from email.message import Message
from pathlib import Path
from typing import Any

BLOCK = 1 << 18
SCHEMES: tuple[str, ...] = ("http", "https")
FAILED = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
FOR_NOW = (408, 425, 429)  # of the errors that are the client's, those that may pass
Progress = Callable[[int, int], None]


class OtherScheme(ValueError):
    """An address is not of HTTP, or leads away from it."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within its scheme or from http to https; OtherScheme for any other."""

    def http_error_302(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any
    ) -> Any:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:  # it leads to no address, or to one of another scheme
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: Any, msg: Any, headers: Any, newurl: str
    ) -> Any:
        allowed = SCHEMES
        if req.type == "https":
            allowed = ("https",)
        refuse_scheme(newurl, req.full_url, allowed)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


OPENER = urllib.request.build_opener(_Redirects)


def refuse_scheme(leads_to: str, address: str, allowed: Sequence[str] = SCHEMES) -> None:
    """OtherScheme if an address leads to one, or is one, whose scheme is not among the allowed."""
    scheme = urllib.parse.urlsplit(leads_to).scheme
    if scheme not in allowed:
        expected = " or ".join(allowed)
        raise OtherScheme(
            f"{address} leads to {leads_to}, which is not fetched: "
            f"expected an address of {expected}"
        )


def is_final(error: Exception) -> bool:
    """Whether another attempt would end as this one did."""
    if isinstance(error, urllib.error.HTTPError):
        return 300 <= error.code < 500 and error.code not in FOR_NOW
    return isinstance(error, http.client.InvalidURL)


def more(address: str, part: Path, timeout: float | int, progress: Progress | None) -> int:
    """Download what is missing of `part`; returns the size of the whole, 0 if it is not stated.

    A part of another version, by its ETag or its date, begins anew; so does one of which the server
    sends other bytes than those that are missing. One of `FAILED` where it breaks off; OSError, with
    the part, where that cannot be written.
    """
    there = size(part)
    request = urllib.request.Request(address)
    if there:
        request.add_header("Range", f"bytes={there}-")
        if version := version_of(part):
            request.add_header("If-Range", version)
    try:
        answer = OPENER.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416 or not there:
            raise
        # range not satisfiable: nothing is missing, or the part is of another file
        if _whole(error.headers) == there:
            return there
        remove(part)
        raise ConnectionError("the part is of another file") from error
    except OtherScheme:
        raise
    except ValueError as error:  # of urllib: where it is led to is no address
        raise http.client.InvalidURL(str(error)) from error
    with answer:
        return _taken(answer, part, there, progress)


def _taken(answer: Any, part: Path, there: int, progress: Progress | None) -> int:
    """Write the bytes of an answer to the part: behind those that are there, or from the start."""
    mode = "wb"  # the whole file is sent
    if answer.status == 206:  # partial content
        mode = "ab"
        if not _continues(answer.headers, part, there):
            remove(part)
            raise ConnectionError("other bytes came than those that are missing")
    elif answer.status == 200:
        there = 0
        _note_version(answer.headers, part)
    else:
        raise http.client.HTTPException(f"an answer without a file, {answer.status}")
    whole = 0
    if answer.length:  # None where it is not stated, or no number
        whole = there + answer.length
    with part.open(mode) as file:
        while block := _read(answer, min(BLOCK, whole - there) if whole else BLOCK):
            _write(file, block, part)
            there += len(block)
            if progress:
                progress(there, whole)
    if there < whole:
        raise ConnectionError(f"{there:,} of {whole:,} bytes came")
    return whole


def size(part: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    if not part.is_file():
        return 0
    return part.stat().st_size


def version_of(part: Path) -> str:
    """ETag or date of the file that a part is of, "" if they are not known."""
    note = _note(part)
    if not note.is_file():
        return ""
    return _printable(note.read_text(errors="replace"))


def remove(part: Path) -> None:
    """Remove a part, and the note of its version."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".version")


def _note_version(headers: Message, part: Path) -> None:
    """Note beside the part which version of the file it is of. It is about to begin anew."""
    remove(part)
    if version := _version_in(headers):
        _note(part).write_text(version)


def _version_in(headers: Message) -> str:
    """The ETag in headers, or the date where that is weak: equal for files that differ in bytes."""
    tag = _printable(headers.get("ETag", ""))
    if tag and not tag.startswith("W/"):
        return tag
    return _printable(headers.get("Last-Modified", ""))


def _printable(text: str) -> str:
    """The text, if it can stand in a header; "" if not."""
    return text if re.fullmatch("[ -~]{1,200}", text) else ""


def _continues(headers: Message, part: Path, there: int) -> bool:
    """Whether headers say that what follows is behind the bytes there, and of their version."""
    found = re.match(r"bytes ([0-9]{1,18})-", headers.get("Content-Range", ""))
    versions = {_version_in(headers), version_of(part)} - {""}
    return found is not None and int(found[1]) == there and len(versions) < 2


def _whole(headers: Message) -> int:
    """The size of the whole file in a header Content-Range, 0 if not stated."""
    found = re.search(r"/([0-9]{1,18})$", headers.get("Content-Range", ""))
    return int(found[1]) if found else 0


def _read(answer: Any, most: int) -> bytes:
    """The next bytes, as soon as some are there: those before a stall are not to be lost.

    ConnectionError for whatever befalls the network.
    """
    try:
        block: bytes = answer.read1(most)
        return block
    except OSError as error:
        raise ConnectionError(str(error)) from error


def _write(file: Any, block: bytes, part: Path) -> None:
    try:
        file.write(block)
        file.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(part)) from error
