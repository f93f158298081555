"""Reader of IDX, the format of MNIST's files: a number for type and rank, sizes, values.

Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits". Big-endian: two zero
bytes, a byte for the type (8: uint8), a byte for the rank, one uint32 for each size, then the
values with the last index fastest.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Callable
from io import BufferedIOBase
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.exact import exactly
from unweave.data.files.gzipped import unpacked

T = TypeVar("T")
LARGEST = 1 << 30  # bytes; a header that promises more counts as damaged


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array of uint8 in an IDX file, gzipped or not.

    ValueError, with the file's name, if it is damaged.
    """
    return _opened(path, _read)


def idx_shape(path: Path) -> tuple[int, ...]:
    """The shape in the header of an IDX file.

    ValueError, with the file's name, for another header.
    """
    return _opened(path, _shape)


def _opened(path: Path, read: Callable[[Path, BufferedIOBase], T]) -> T:
    try:
        with unpacked(path) as stream:
            return read(path, stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}; fetch it again") from error


def _shape(path: Path, stream: BufferedIOBase) -> tuple[int, ...]:
    """The shape in the header, which is read from the stream."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
        raise ValueError(
            f"{path} is not an IDX file of uint8: it begins with {magic.hex(' ') or 'nothing'}"
        )
    # a big-endian uint32 for each of the sizes
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise ValueError(f"{path} is cut off in its header; fetch it again")
    shape = tuple(np.frombuffer(header, ">u4").tolist())
    if math.prod(shape) > LARGEST:
        raise ValueError(
            f"{path} is damaged: its header promises {math.prod(shape):,} bytes, as {shape}"
        )
    return shape


def _read(path: Path, stream: BufferedIOBase) -> NDArray[np.uint8]:
    shape = _shape(path, stream)
    try:
        return np.frombuffer(exactly(stream, math.prod(shape)), np.uint8).reshape(shape)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: as {shape}, {error}") from error
