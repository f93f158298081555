"""Reader of one variable of uint8 in a MATLAB 5 file (.mat).

MathWorks, "MAT-file format", level 5. A header of 128 bytes, then elements: a tag (type, bytes) and
the data, padded to 8 bytes; up to 4 bytes are in the tag itself. Written here because scipy's
parser crashes on damaged files.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

INT32 = 5
MATRIX = 14
COMPRESSED = 15
UINT8_CLASS = 9
LARGEST = 1 << 26  # bytes of an element once unpacked


def read_uint8(path: Path, name: str) -> NDArray[np.uint8]:
    """The uint8 array of this name, first index fastest as in MATLAB.

    ValueError, naming the file, if there is none.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        content = path.read_bytes()
        if len(content) < 128 or content[124:128] != b"\x00\x01IM":
            raise ValueError("it does not begin as a little-endian MATLAB 5 file")
        for kind, body in _elements(content[128:]):
            if kind == COMPRESSED:
                kind, body = next(_elements(_unpacked(body)), (0, b""))
            if kind == MATRIX:
                array = _matrix(body, name)
                if array is not None:
                    return array
        raise ValueError(f"it holds no variable {name!r}")
    except (ValueError, struct.error, zlib.error, OSError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, data) of one element after the other. ValueError if one is cut off."""
    at = 0
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<II", content, at)
        if kind >> 16:  # a small element: its size is in the upper half of the type
            size = kind >> 16
            kind &= 0xFFFF
            start = at + 4
            end = at + 8
        else:
            start = at + 8
            end = start + size
            if kind != COMPRESSED:  # all others are padded to 8 bytes
                end += -size % 8
        if start + size > len(content):
            raise ValueError("it is cut off")
        yield kind, content[start : start + size]
        at = end


def _unpacked(body: bytes) -> bytes:
    unpack = zlib.decompressobj()
    content = unpack.decompress(body, LARGEST)
    if not unpack.eof:
        raise ValueError("a packed variable of it is cut off or too large")
    return content


def _matrix(body: bytes, name: str) -> NDArray[np.uint8] | None:
    """The array in a matrix element if it has this name."""
    # four elements: flags with the class, sizes, name, values
    parts = _elements(body)
    nothing = (0, b"")
    _, flags = next(parts, nothing)
    kind, sizes = next(parts, nothing)
    _, found = next(parts, nothing)
    if found.decode("latin1") != name:
        return None
    _, values = next(parts, nothing)
    shape: list[int] = []
    if kind == INT32 and len(sizes) % 4 == 0:
        shape = np.frombuffer(sizes, "<i4").tolist()
    fits = min(shape, default=0) > 0 and math.prod(shape) == len(values)
    if not fits or flags[:1] != bytes([UINT8_CLASS]):
        raise ValueError(f"its {name!r} is not an array of uint8, or is damaged")
    return np.frombuffer(values, np.uint8).reshape(shape, order="F")
