"""The pages of a memory-mapped file, asked of the disk before they are read.

A row of a mapped file whose pages are not in memory is read when it is touched, and meanwhile everything stands. The
kernel can be told beforehand (madvise with MADV_WILLNEED): it reads while this process computes, many rows at once.
Where there is no such call, as on Windows, nothing is asked; the images are the same.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]  # to mypy a module is never None; what uses it asks first

Rows = NDArray[np.int64]
READS = 256  # with advice, before it is tried without


class Pages:
    """The pages of a mapped file in which the rows of an array lie.

    Advice on pages that are in memory costs about as much as reading a small image, so it is given only while the disk
    is waited for: after `READS` reads it is left out, and the first read that then meets a page that is not there (a
    major fault) brings it back, each time for twice as many.
    """

    def __init__(self, memory: mmap.mmap, start: int, stride: int, span: int) -> None:
        self.memory, self.start, self.stride, self.span = memory, start, stride, span
        self.reads = self.left = READS

    @classmethod
    def of(cls, array: NDArray[Any] | None) -> Pages | None:
        """Of an array (N, ...) that is memory-mapped, or a view of one; None if it is not, or no advice is taken."""
        memory: Any = array
        while memory is not None and not isinstance(memory, mmap.mmap):
            memory = getattr(memory, "base", None)
        if array is None or memory is None or resource is None or not hasattr(mmap, "MADV_WILLNEED"):
            return None
        ends = [(n - 1) * step for n, step in zip(array.shape[1:], array.strides[1:], strict=True)]
        start = array.ctypes.data - np.frombuffer(memory, np.uint8, 1).ctypes.data + sum(e for e in ends if e < 0)
        stride, span = array.strides[0], sum(map(abs, ends)) + array.itemsize
        return cls(memory, start, stride, span) if span <= abs(stride) else None  # a row by columns is everywhere

    @property
    def asking(self) -> bool:
        """Whether advice is worth its price at present."""
        return self.left > 0

    def ask(self, rows: Rows) -> None:
        """Have the kernel begin to read the rows (any shape); returns before they are there."""
        first = np.sort(rows.reshape(-1) * self.stride) + self.start
        first, last = first // mmap.PAGESIZE, (first + self.span - 1) // mmap.PAGESIZE
        gaps = np.flatnonzero(first[1:] > last[:-1] + 1)  # pages that follow each other are one call
        begin, end = first[np.append(0, gaps + 1)] * mmap.PAGESIZE, (last[np.append(gaps, -1)] + 1) * mmap.PAGESIZE
        try:
            for at, length in zip(begin.tolist(), (end - begin).tolist(), strict=True):
                self.memory.madvise(mmap.MADV_WILLNEED, at, length)
        except OSError:  # a file system that takes no advice is not asked again
            self.reads = self.left = 0

    def read(self, take: Callable[[Rows], NDArray[Any]], rows: Rows) -> NDArray[Any]:
        """`take(rows)`; whether it waited for the disk decides about further advice."""
        if self.left:
            self.left -= 1
            return take(rows)
        before = _waits()
        images = take(rows)
        if _waits() > before:
            self.reads *= 2
            self.left = self.reads
        return images


def _waits() -> int:
    """How often this thread, or the process where threads are not counted, has waited for a page of a file."""
    return resource.getrusage(getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)).ru_majflt
