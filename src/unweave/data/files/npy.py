"""Safe reader of .npy and .npz files: no pickle, no evaluation, no memory beyond the file's size.

The format: numpy.lib.format. Older headers, which numpy repairs by parsing them as Python, are not
accepted.
"""

from __future__ import annotations

import ast
import math
import os
import zipfile
import zlib
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.exact import exactly

UNREADABLE = (
    ValueError, OSError, EOFError, KeyError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
# {version: (bytes that state the length of the header, its encoding)}
VERSIONS = {1: (2, "latin1"), 2: (4, "latin1"), 3: (4, "utf-8")}
LONGEST = 10_000  # bytes of header
MANY = 0xFFFF  # members, by the directory of a zip that states their number elsewhere


def header(stream: BufferedIOBase) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    """(dtype, shape, whether the first index is fastest) of the array that follows in `stream`."""
    magic = stream.read(8)
    if len(magic) < 8 or magic[:6] != b"\x93NUMPY" or magic[6] not in VERSIONS:
        raise ValueError("it does not begin as an array of numpy")
    # magic, version; length of the header (2 or 4 bytes), and the header, the text of a dict
    size, encoding = VERSIONS[magic[6]]
    length = int.from_bytes(stream.read(size), "little")
    text = stream.read(min(length, LONGEST))
    try:
        found = ast.literal_eval(text.decode(encoding))
        descr = found["descr"]
        by_column = found["fortran_order"]
        shape = found["shape"]
        dtype = np.dtype(object)
        if isinstance(descr, str):
            dtype = np.dtype(descr)
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError) as error:
        raise ValueError("the header of its array is damaged") from error
    whole = isinstance(shape, tuple) and all(type(s) is int and 0 <= s < 1 << 48 for s in shape)
    if not whole or type(by_column) is not bool or len(text) != length:
        raise ValueError("the header of its array is damaged")
    if dtype.hasobject or dtype.kind not in "biuf":
        raise ValueError(f"it holds {descr}, not numbers; objects are never opened")
    return dtype, shape, by_column


def map_npy(path: Path) -> np.memmap[Any, np.dtype[Any]]:
    """The array of an .npy file, memory-mapped for reading."""
    with path.open("rb") as file:
        dtype, shape, by_column = header(file)
        start = file.tell()
    # the bytes that the header promises, and those after it
    size = math.prod(shape) * dtype.itemsize
    there = path.stat().st_size - start
    if size > there or not size:
        raise ValueError(f"its header promises {dtype} {shape}, {size:,} bytes; it holds {there:,}")
    return np.memmap(path, dtype, "r", start, shape, "F" if by_column else "C")


def members(archive: zipfile.ZipFile) -> list[str]:
    """The names of the arrays in an .npz file.

    BadZipFile if its directory is damaged, which no checksum covers.

    zipfile compares names only of the members that it opens, and does not count members: an array
    that is missing, or has the name of another, would go unnoticed.
    """
    names = archive.namelist()
    for name in names:
        archive.open(name).close()
    # the number of members is 12 bytes before the end of the directory, which a comment follows
    stream = cast(BufferedIOBase, archive.fp)
    stream.seek(-len(archive.comment) - 12, os.SEEK_END)
    promised = int.from_bytes(stream.read(2), "little")
    if promised not in (len(names), MANY):
        raise zipfile.BadZipFile(
            f"its directory promises {promised} members and names {len(names)}"
        )
    return [name.removesuffix(".npy") for name in names if name.endswith(".npy")]


def member(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array of an .npz file."""
    with cast(BufferedIOBase, archive.open(f"{name}.npy")) as stream:
        dtype, shape, by_column = header(stream)
        array = np.frombuffer(exactly(stream, math.prod(shape) * dtype.itemsize), dtype)
    if by_column:
        return array.reshape(shape[::-1]).T
    return array.reshape(shape)
