"""Search for published files in the user's folder."""

from __future__ import annotations

import os
from pathlib import Path

HOME = "UNWEAVE_DATA"


def find(file: str, root: str | Path | None, *others: str) -> Path | None:
    """Path of the published file of this name in or below `root`, or $UNWEAVE_DATA if that is None.

    others: names that the file may have instead, in the order of the search.
    None if it is not in $UNWEAVE_DATA, or there is no such folder; FileNotFoundError if it is not
    in a given `root`. `root` may be the file itself.
    """
    place = root or os.environ.get(HOME)
    if place:
        for name in (file, *others):
            found = _found(name, Path(place))
            if found is not None:
                return found
    if root is not None:
        raise FileNotFoundError(f"there is no file {file} in {root}")
    return None


def _found(name: str, place: Path) -> Path | None:
    """The file of this name that is `place`, in it, or below it; the first one by path."""
    if place.is_file() and place.name == name:
        return place
    if (place / name).is_file():  # first, since a search below a folder of a million images is slow
        return place / name
    if not place.is_dir():
        return None
    return min(place.rglob(name), default=None)
