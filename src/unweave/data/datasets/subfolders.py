"""Classes and groups of files from the sub-folders that they are in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.listing import natural


def by_subfolder(
    names: list[str], clip: NDArray[np.bool_], meaning: str
) -> tuple[NDArray[np.int64] | None, tuple[str, ...], NDArray[np.int64] | None]:
    """(classes, their names, groups) of the files: classes or clips from their folders, groups from clips.

    meaning: of a sub-folder, "classes" or "clips". No classes if all files are in one folder, no
    groups without clips. A still that is in no clip is a group of its own.
    """
    parts = [_part(name, meaning) for name in names]
    apart = len(set(parts)) > 1 and all("/" in name for name in names)
    y: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    if apart:
        order = sorted(set(parts), key=natural)
        place = {part: k for k, part in enumerate(order)}
        of = np.array([place[part] for part in parts])  # (N,): the sub-folder of each file
        if meaning == "classes":
            y = of
            classes = tuple(order)
        else:
            groups = of
    if clip.any():
        groups = _clip_groups(names, parts, clip, meaning)
    return y, classes, groups


def _part(name: str, meaning: str) -> str:
    """The sub-folder of a file: of classes the first one of its path, of clips the whole path above it."""
    if meaning == "classes":
        return name.split("/")[0]
    return name.rpartition("/")[0]


def _clip_groups(names: list[str], parts: list[str], clip: NDArray[np.bool_], meaning: str) -> NDArray[np.int64]:
    """The group (N,) of each file where some are clips: a clip is one, and so is a sub-folder of
    stills that is a clip.
    """
    keys = []
    for name, part, moves in zip(names, parts, clip, strict=True):
        own = bool(moves) or meaning == "classes" or "/" not in name
        keys.append((own, name if own else part))
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([number[key] for key in keys])
