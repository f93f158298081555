"""Where a user keeps the published files of a data set."""

from __future__ import annotations

import os
from pathlib import Path

HOME = "UNWEAVE_DATA"


def find(file: str, root: str | Path | None, *others: str) -> Path | None:
    """The published file of this name in the folder `root` or below it; in the folder $UNWEAVE_DATA if root is None.

    others: names that the file may have instead, looked for in this order.
    None if it is not in $UNWEAVE_DATA, or there is no such folder; FileNotFoundError if it is not in a `root` that the
    user named. `root` may be the file itself.
    """
    place = Path(root or os.environ.get(HOME, "")) if root or os.environ.get(HOME) else None
    for name in (file, *others):
        if place is not None and place.is_file() and place.name == name:
            return place
        if place is not None and (place / name).is_file():  # a folder of a million images is not searched for it
            return place / name
        found = sorted(place.rglob(name)) if place is not None and place.is_dir() else []
        if found:
            return found[0]
    if root is not None:
        raise FileNotFoundError(f"there is no file {file} in {root}")
    return None
