"""Arrays of numbers in an HDF5 file, which may come from anyone.

HDF5 follows links to other files, and allocates what a header claims: an array that was never
written takes no byte of the file. So each part of a name has to be a plain (hard) link, and an
array no larger than its bytes in the file can make it.
"""

from __future__ import annotations

import math
from typing import Any

DENSEST = 1032  # bytes that a byte of deflate makes at most


def numbers(file: Any, key: str) -> Any:
    """The data set `key` ("group/name") of an open `h5py.File`, read by slices.

    ValueError if there is none or it holds no numbers, if it or its group is kept in another file,
    or if it claims more bytes, in whole or for one chunk, than it can hold.
    """
    import h5py

    found = file
    for part in key.split("/"):
        link = None
        if isinstance(found, h5py.Group):
            link = found.get(part, getlink=True)
        if link is None:
            raise ValueError(f"it holds no {key}")
        if not isinstance(link, h5py.HardLink):
            raise ValueError(
                f"its {key} are behind a {type(link).__name__}; links are not followed"
            )
        found = found[part]
    if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "uif" or found.shape is None:
        raise ValueError(f"its {key} are not numbers")
    if found.external or found.is_virtual:
        raise ValueError(f"its {key} are kept in other files, which are not opened")
    _refuse_claims(found, key, file.id.get_filesize())
    return found


def _refuse_claims(stored: Any, key: str, there: int) -> None:
    """ValueError if a data set claims more bytes than its file stores; there: bytes of the file."""
    held = min(stored.id.get_storage_size(), there)
    possible = held
    if stored.id.get_create_plist().get_nfilters() > 0:  # packed
        possible = held * DENSEST
    # in whole, or for one chunk, which may be larger than the array
    entries = max(math.prod(stored.shape), math.prod(stored.chunks or ()))
    if entries * stored.dtype.itemsize > possible:
        raise ValueError(
            f"its header promises {key} of {stored.dtype} {stored.shape}; "
            f"it holds {held:,} bytes of them"
        )
