"""Classes and groups of files from the sub-folders that they are in."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.natural import natural
from unweave.data.tables.file_names import one_spelling
from unweave.text import visible

log = logging.getLogger(__name__)


def beside_classes(names: list[str]) -> list[int]:
    """The places of files beside class folders: few, at least two, while these hold most files."""
    beside = [i for i, name in enumerate(names) if "/" not in name]
    folders = {name.partition("/")[0] for name in names if "/" in name}
    few = len(beside) < len(names) / 2
    if not few or len(folders) < 2:
        return []
    return beside


def by_subfolder(
    names: list[str], clip: NDArray[np.bool_], meaning: str
) -> tuple[NDArray[np.int64] | None, tuple[str, ...], NDArray[np.int64] | None]:
    """(classes, their names, groups) of files by their folders: classes, or clips as groups.

    meaning: of a sub-folder, "classes" or "clips". No classes if all files are in one folder, or if
    some lie beside the folders, which is logged; no groups without clips. A still that is in no
    clip is a group of its own.
    """
    parts = [_part(name, meaning) for name in names]
    y: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    if meaning == "classes":
        y, classes = _classes(names, parts)
    if clip.any() or (meaning == "clips" and len(set(parts)) > 1):
        groups = _clip_groups(names, parts, clip, meaning)
    return y, classes, groups


def _classes(
    names: list[str], parts: list[str]
) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """The class (N,) of each file by its sub-folder, and the names; None and () without classes."""
    beside = [name for name in names if "/" not in name]
    inside = {part for name, part in zip(names, parts, strict=True) if "/" in name}
    folders = sorted(inside, key=natural)
    if len(folders) < 2:
        _point_out_deeper(names)
        return None, ()
    _point_out_spellings(folders)
    if beside:
        message = (
            "no classes: %d of %d files lie beside the %d sub-folders, the first is %s; "
            "move them into one"
        )
        log.warning(message, len(beside), len(names), len(folders), visible(beside[0]))
        return None, ()
    place = {folder: k for k, folder in enumerate(folders)}
    return np.array([place[part] for part in parts]), tuple(folders)


def _point_out_deeper(names: list[str]) -> None:
    """Log that the only sub-folder has sub-folders, which may be the classes."""
    only = {name.partition("/")[0] for name in names}
    deeper = {name.split("/")[1] for name in names if name.count("/") > 1}
    if len(only) == 1 and len(deeper) > 1:
        folder = visible(*only)
        log.warning(
            "no classes: all files lie below %s; give that folder for its %d sub-folders as classes",
            folder,
            len(deeper),
        )


def _point_out_spellings(folders: list[str]) -> None:
    """Log two class folders whose names look alike: composed and decomposed accents, or blanks around them."""
    seen: dict[str, str] = {}
    for folder in folders:
        other = seen.setdefault(one_spelling(folder), folder)
        if other != folder:
            log.warning(
                "the classes %s and %s differ in the spelling of one name; merge their folders if they are one",
                ascii(other),
                ascii(folder),
            )


def _part(name: str, meaning: str) -> str:
    """The sub-folder of a file: of classes the first in its path, of clips the whole path."""
    if meaning == "classes":
        return name.split("/")[0]
    return name.rpartition("/")[0]


def _clip_groups(
    names: list[str], parts: list[str], clip: NDArray[np.bool_], meaning: str
) -> NDArray[np.int64]:
    """The group (N,) of each file where some are clips.

    A clip is one, and so is a sub-folder of stills that is a clip.
    """
    keys = []
    for name, part, moves in zip(names, parts, clip, strict=True):
        if moves or meaning == "classes" or "/" not in name:
            keys.append(("file", name))
        else:
            keys.append(("folder", part))
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([number[key] for key in keys])
