"""List of the pictures and videos below a folder, in natural order, with their common colours and depth."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from unweave.data.convert.scale import Scale, scale_between
from unweave.data.files import video
from unweave.data.files.frames import Counted, Shown
from unweave.data.files.photo import BROKEN, Colour

log = logging.getLogger(__name__)
PICTURES = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
SUFFIXES = PICTURES | video.SUFFIXES
COMPANIONS = {".csv", ".txt", ".md", ".json", ".ini", ".db"}  # files beside pictures, skipped silently


def listed(place: Path, colour: str, skip_bad: bool) -> tuple[list[Shown], Colour]:
    """The readable files below `place`, and their colours: the given ones, or with "auto" those they have.

    ValueError if there are none, if one cannot be read and not `skip_bad`, or if grey and coloured
    ones are mixed.
    """
    kept = []
    counted = Counted(place)
    for file in _files(place):
        try:
            kept.append(counted.shown(file, skip_bad))
        except BROKEN as error:
            if not skip_bad:
                reason = str(error) if str(file) in str(error) else f"{file} is damaged: {error}"
                raise ValueError(f"{reason}; mend or remove it, or give skip_bad=True") from error
            log.warning("left out %s: it cannot be read", file)
    counted.keep()
    if sum(file.count for file in kept) < 2:
        raise ValueError(f"{place} holds {len(kept)} image that can be read; training takes at least 2")
    modes = Counter(file.colour for file in kept)
    if colour == "auto" and len(modes) > 1:
        raise ValueError(
            f"{place} holds {modes['grey']} grey and {modes['rgb']} coloured images; say colour='rgb' or colour='grey'"
        )
    chosen = kept[0].colour if colour == "auto" else colour
    return kept, "grey" if chosen == "grey" else "rgb"


def depth_of(place: Path, files: list[Shown]) -> Scale | None:
    """Black and white of all pictures of more than 8 bits, None without any. ValueError if no scale fits."""
    deep = [file.deep for file in files if file.deep is not None]
    if not deep:
        return None
    kinds = Counter(kind for kind, _, _ in deep)
    if len(kinds) > 1:
        raise ValueError(
            f"{place} holds {kinds['whole']} pictures of whole numbers deeper than 8 bits "
            f"and {kinds['float']} of floats; save them as one kind"
        )
    low = min(low for _, low, _ in deep)
    high = max(high for _, _, high in deep)
    return scale_between("float" in kinds, low, high, str(place))


def natural(path: Path | str) -> list[tuple[int, str]]:
    """The key that sorts names as people do: numbers by their value.

    >>> sorted(["frame10", "frame2"], key=natural)
    ['frame2', 'frame10']
    """
    parts = [part for part in re.split(r"([0-9]+)", str(path)) if part]
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def names_below(place: Path, files: Iterable[Path]) -> list[str]:
    """The paths of files below `place`, relative to it, with forward slashes."""
    above = place.as_posix() + "/"  # text, since `relative_to` is slow for many files
    return [file.as_posix().removeprefix(above) for file in files]


def _files(place: Path) -> list[Path]:
    """The pictures and videos below a folder in natural order. ValueError if there are none."""
    walked = []
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name[0] != "."]  # hidden: .ipynb_checkpoints, .git, .Trash-1000
        walked += [(Path(folder), name) for name in names if name[0] != "."]
    found = [folder / name for folder, name in walked if _suffix(name) in SUFFIXES]
    found = [file for file in found if file.is_file()]
    others = Counter(_suffix(name) or "no suffix" for _, name in walked)
    left = [f"{count} of {suffix}" for suffix, count in others.items() if suffix not in SUFFIXES | COMPANIONS]
    if left:
        log.warning("%s: left out, as no pictures that are known by their suffix: %s", place, ", ".join(sorted(left)))
    if not found:
        raise ValueError(f"{place} holds no images; looked for {', '.join(sorted(SUFFIXES))} in it and below")
    order = [natural(name) for name in names_below(place, found)]
    return [found[i] for i in sorted(range(len(found)), key=order.__getitem__)]


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()
