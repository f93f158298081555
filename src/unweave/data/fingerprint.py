"""Fingerprint of a data set: a hash that identifies its contents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.pages import Pages
from unweave.data.looks import CHUNK, Take, spread

WHOLE = 64 << 20  # bytes of an array that are all read: 0.1 s


class Fingerprint:
    """Hash of the parts that are added, in order: text, numbers, tuples of them, arrays and None.

    The first half of SHA-256. Of an array larger than 64 MB every second row counts, or every
    third, and so on; with `whole` all do.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self.whole = whole
        self._hash = hashlib.sha256()

    def add(self, *parts: object) -> None:
        """Add these, one after the other."""
        for part in parts:
            if isinstance(part, np.ndarray):
                self._array(part)
            else:
                self._hash.update(f"{part!r}\n".encode())

    def _array(self, array: NDArray[np.generic]) -> None:
        """Shape, type and contents, in one byte order and memory layout; texts by their letters."""
        if array.dtype.kind in "OU":
            self.add(array.shape, *map(str, array.reshape(-1).tolist()))
            return
        self.add(array.shape, array.dtype.newbyteorder("<").str)
        if array.nbytes and not self.whole:
            every = -(-array.nbytes // WHOLE)  # rounded up
            array = array[::every]
        self._hash.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).data)

    def rows(
        self, array: NDArray[np.generic] | None, n: int, take: Take, probed: int
    ) -> Iterator[NDArray[np.generic]]:
        """All n rows of a small array, or with `whole`, in chunks; else `probed` of them."""
        small = array is not None and array.nbytes <= WHOLE
        if small or self.whole:
            rows = np.arange(n)
        else:
            rows = spread(n, probed)
            pages = Pages.of(array)
            if pages is not None:  # a disk reads them far faster together than one by one
                pages.prefetch(rows)
        for start in range(0, len(rows), CHUNK):
            yield take(rows[start : start + CHUNK])

    def hex(self) -> str:
        """32 hex digits."""
        return self._hash.hexdigest()[:32]
