"""Containers of video files, and their lengths by the header.

FFmpeg decodes a truncated file without an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

MOVIE = b"ftyp moov mdat moof free skip wide uuid meta udta sidx styp mfra pdin pnot emsg prft"
KINDS = MOVIE.split()  # of the boxes of a movie
BOXES = 100_000  # at most; a movie in fragments has one or two a second
UNKNOWN = 0x7FFF_0000  # RIFF lengths from here on are written by recorders that cannot seek back
EBML = bytes.fromhex("1a45dfa3")
SEGMENT = bytes.fromhex("18538067")


def container(file: Path) -> tuple[str, int]:
    """(FFmpeg's name of the container, bytes by its header or 0); ("", 0) if it is no video."""
    there = file.stat().st_size
    with file.open("rb") as content:
        head = content.read(12)
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            length = int.from_bytes(head[4:8], "little")
            if length >= UNKNOWN:
                return "avi", 0
            return "avi", 8 + length
        if head[:4] == EBML:
            return "matroska", _segment(content, there)
        if head[4:8] in KINDS:
            return "mp4", _boxes(content, there)
    return "", 0


def _boxes(content: IO[bytes], there: int) -> int:
    """Where the last box of a movie ends."""
    # a box: its length (4 bytes), its kind (4), and what is in it
    end = 0
    for _ in range(BOXES):
        if end >= there:
            break
        content.seek(end)
        head = content.read(16)
        length = int.from_bytes(head[:4], "big")
        kind = head[4:8]
        if length == 1:  # the length is in the 8 bytes after the kind
            length = int.from_bytes(head[8:16], "big")
        if kind not in KINDS or length < 8:  # 0: up to the end of the file
            break
        end += length
    return end


def _segment(content: IO[bytes], there: int) -> int:
    """Where the segment of a Matroska file ends, 0 if its length is not known."""
    # the EBML header with its length, then the segment with its own
    content.seek(4)
    header = _number(content)
    if not 0 <= header < there:
        return 0
    content.seek(header, 1)
    if content.read(4) != SEGMENT:
        return 0
    length = _number(content)
    if length < 0:
        return 0
    return content.tell() + length


def _number(content: IO[bytes]) -> int:
    """A length in EBML; -1 if it is not known or not valid.

    It has one byte more than its first byte has leading zeros; all ones mean that it is not known.
    """
    first = content.read(1)
    if not first or not first[0]:
        return -1
    more = 8 - first[0].bit_length()  # leading zeros, bytes that follow
    high = first[0] & (0x7F >> more)
    number = int.from_bytes(bytes([high]) + content.read(more), "big")
    ones = (1 << 7 * (more + 1)) - 1
    if number == ones:
        return -1
    return number
