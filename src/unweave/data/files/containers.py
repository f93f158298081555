"""Which container a video is in, and how long its header says it is: a file that was cut off plays on, without its end."""

from __future__ import annotations

from pathlib import Path
from typing import IO

MOVIE = b"ftyp moov mdat moof free skip wide uuid meta udta sidx styp mfra pdin pnot emsg prft".split()
BOXES = 100_000  # looked at; a movie in fragments has one or two a second
UNKNOWN = 0x7FFF_0000  # from here on a RIFF length is what a recorder that cannot go back writes
EBML, SEGMENT = bytes.fromhex("1a45dfa3"), bytes.fromhex("18538067")


def container(file: Path) -> tuple[str, int]:
    """(FFmpeg's name of the container, the bytes it says it has, 0 where it does not say); ("", 0) for no video."""
    there = file.stat().st_size
    with file.open("rb") as content:
        head = content.read(12)
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            length = int.from_bytes(head[4:8], "little")
            return "avi", 8 + length if length < UNKNOWN else 0
        if head[:4] == EBML:
            return "matroska", _segment(content, there)
        if head[4:8] in MOVIE:
            return "mp4", _boxes(content, there)
    return "", 0


def _boxes(content: IO[bytes], there: int) -> int:
    """Where the last box of a movie ends."""
    end = 0
    for _ in range(BOXES):
        if end >= there:
            break
        content.seek(end)
        head = content.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        length = int.from_bytes(head[8:16], "big") if length == 1 else length
        if kind not in MOVIE or length < 8:  # 0: up to the end of the file
            break
        end += length
    return end


def _segment(content: IO[bytes], there: int) -> int:
    """Where the segment of a Matroska file ends, 0 if it was written without knowing."""
    content.seek(4)
    header = _number(content)
    if not 0 <= header < there:
        return 0
    content.seek(header, 1)
    if content.read(4) != SEGMENT:
        return 0
    length = _number(content)
    return content.tell() + length if length >= 0 else 0


def _number(content: IO[bytes]) -> int:
    """An EBML length: as many bytes as the first one has leading zeros, and one; -1 for all ones, not known."""
    first = content.read(1)
    if not first or not first[0]:
        return -1
    more = 8 - first[0].bit_length()
    number = int.from_bytes(bytes([first[0] & (0x7F >> more)]) + content.read(more), "big")
    return -1 if number == (1 << 7 * (more + 1)) - 1 else number
