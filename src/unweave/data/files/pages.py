"""Prefetch of the pages of a memory-mapped file, by madvise, before their rows are read.

A row of a mapped file whose pages are not in memory is read when it is first accessed, and blocks
the process. With madvise (MADV_WILLNEED) the kernel reads many rows at once while this process
computes. Where there is no such call, as on Windows, nothing is prefetched; the images are the
same.
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
    # to mypy a module is never None; its uses test it first
    resource = None  # type: ignore[assignment]

Rows = NDArray[np.int64]
READS = 256  # with advice, before it is tried without


class Pages:
    """The pages of a mapped file that contain the rows of an array.

    Advice on pages that are in memory costs about as much as reading a small image, so it is given
    only while reads wait for the disk: after `READS` reads it stops, and the first read that then
    meets a page that is not in memory (a major fault) resumes it, each time for twice as many
    reads.

    Args:
        memory: the mapped file. start: byte of the first row in it. stride: bytes between rows.
        span: bytes of a row.
    """

    def __init__(self, memory: mmap.mmap, start: int, stride: int, span: int) -> None:
        self.memory = memory
        self.start = start
        self.stride = stride
        self.span = span
        self.reads = READS
        self.left = READS

    @classmethod
    def of(cls, array: NDArray[Any] | None) -> Pages | None:
        """The pages of a memory-mapped array (N, ...), or of a view of one.

        None if prefetch is not possible.
        """
        memory: Any = array
        while memory is not None and not isinstance(memory, mmap.mmap):
            memory = getattr(memory, "base", None)
        if array is None or memory is None:
            return None
        if resource is None or not hasattr(mmap, "MADV_WILLNEED"):
            return None
        # bytes from the first to the last entry of a row along each axis, which may be negative
        ends = [(n - 1) * step for n, step in zip(array.shape[1:], array.strides[1:], strict=True)]
        # byte of the file at which the array begins, and that of the lowest entry of row 0
        offset = array.ctypes.data - np.frombuffer(memory, np.uint8, 1).ctypes.data
        start = offset + sum(end for end in ends if end < 0)
        stride = array.strides[0]
        span = sum(map(abs, ends)) + array.itemsize
        # the rows of an array stored by columns are spread over the whole file
        if span > abs(stride):
            return None
        return cls(memory, start, stride, span)

    @property
    def asking(self) -> bool:
        """Whether advice is worth its cost at present."""
        return self.left > 0

    def prefetch(self, rows: Rows) -> None:
        """Start reading rows (any shape) in the background; returns before they are in memory."""
        # (n,): the first and the last page of each row, in the order of the file
        start = np.sort(rows.reshape(-1) * self.stride) + self.start
        first = start // mmap.PAGESIZE
        last = (start + self.span - 1) // mmap.PAGESIZE
        # neighbouring pages are joined, one call for each run of them
        gaps = np.flatnonzero(first[1:] > last[:-1] + 1)
        begin = first[np.append(0, gaps + 1)] * mmap.PAGESIZE
        end = (last[np.append(gaps, -1)] + 1) * mmap.PAGESIZE
        try:
            for at, length in zip(begin.tolist(), (end - begin).tolist(), strict=True):
                self.memory.madvise(mmap.MADV_WILLNEED, at, length)
        except OSError:  # the file system takes no advice
            self.reads = 0
            self.left = 0

    def read(self, take: Callable[[Rows], NDArray[Any]], rows: Rows) -> NDArray[Any]:
        """`take(rows)`; if it waited for the disk, advice is resumed."""
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
    """Major page faults of this thread, or of the process where threads are not counted."""
    who = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)
    return resource.getrusage(who).ru_majflt
