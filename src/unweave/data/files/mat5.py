"""The numbers of one variable in a MATLAB 5 file (.mat), and nothing else of it.

MathWorks, "MAT-file format", level 5. A header of 128 bytes, then elements: a tag (type, bytes) and the data, padded to
8 bytes; up to 4 bytes stand in the tag itself. Written here because scipy's parser crashes on damaged files.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

INT32, MATRIX, COMPRESSED = 5, 14, 15
UINT8_CLASS = 9
LARGEST = 1 << 26  # bytes of an element once unpacked


def read_uint8(path: Path, name: str) -> NDArray[np.uint8]:
    """The uint8 array of this name, first index fastest as in MATLAB. ValueError, naming the file, if there is none."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        content = path.read_bytes()
        if len(content) < 128 or content[124:128] != b"\x00\x01IM":
            raise ValueError("it does not begin as a little-endian MATLAB 5 file")
        for kind, body in _elements(content[128:]):
            if kind == COMPRESSED:
                kind, body = next(_elements(_unpacked(body)), (0, b""))
            if kind == MATRIX and (array := _matrix(body, name)) is not None:
                return array
        raise ValueError(f"it holds no variable {name!r}")
    except (ValueError, struct.error, zlib.error, OSError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<II", content, at)
        if kind >> 16:  # a small element: its size is in the upper half of the type
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            start, end = at + 8, at + 8 + size + (-size % 8 if kind != COMPRESSED else 0)
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
    parts = _elements(body)
    (_, flags), (kind, sizes), (_, found) = next(parts, (0, b"")), next(parts, (0, b"")), next(parts, (0, b""))
    if found.decode("latin1") != name:
        return None
    _, values = next(parts, (0, b""))
    shape = np.frombuffer(sizes, "<i4").tolist() if kind == INT32 and len(sizes) % 4 == 0 else []
    if flags[:1] != bytes([UINT8_CLASS]) or not shape or min(shape) < 1 or math.prod(shape) != len(values):
        raise ValueError(f"its {name!r} is not an array of uint8, or is damaged")
    return np.frombuffer(values, np.uint8).reshape(shape, order="F")
