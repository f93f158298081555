"""List of pictures and videos below a folder, in natural order, with common colours and depth."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from unweave.data.convert.scale import Scale, scale_between
from unweave.data.files import video
from unweave.data.files.kept_facts import KeptFacts, Shown
from unweave.data.files.left_out import MEND, LeftOut
from unweave.data.files.natural import natural
from unweave.data.files.photo import BROKEN, Colour, is_picture, suffixes
from unweave.data.files.walk import walk
from unweave.settings import as_option


def pictures(place: Path, left: LeftOut) -> list[str]:
    """Paths of the pictures and videos below a folder in natural order.

    ValueError if there are none.

    They are known by their suffix; a file without one is a picture by its first bytes. All others
    are added to `left`.
    """
    # by suffix, and those without one by their first bytes
    read = suffixes() | video.SUFFIXES
    found = []
    for file in walk(place, left):
        suffix = _suffix(file)
        if suffix in read or (not suffix and is_picture(Path(file))):
            found.append(file)
        else:
            left.file(Path(file), suffix)
    if not found:
        looked = f"looked for {', '.join(sorted(read))} in it and below"
        if left.counts:
            looked += f"; {left}"
        raise ValueError(f"{place} holds no images; {looked}")
    found.sort()  # names with equal numbers, 1.png and 01.png, come in one order on every disk
    keys = [natural(name) for name in names_below(place, found)]
    return [found[i] for i in sorted(range(len(found)), key=keys.__getitem__)]


def listed(
    files: list[str], colour: str, skip_bad: bool, left: LeftOut
) -> tuple[list[Shown], Colour]:
    """The facts of the readable files, and their colours: the given ones, or with "auto" their own.

    ValueError if there are none, if one cannot be read and not `skip_bad`, or if grey and coloured
    ones are mixed. Files that are skipped are added to `left`, which is then said.
    """
    place = left.place
    kept = []
    known = KeptFacts(place)
    for file in files:
        try:
            kept.append(known.shown(file, skip_bad))
        except BROKEN as error:
            if not skip_bad:
                file = str(Path(file))
                reason = str(error)
                if file not in reason:
                    reason = f"{file} is damaged: {reason}"
                raise ValueError(f"{reason}; {MEND}") from error
            left.named("damaged", file)
    known.keep()
    left.say()
    if sum(file.facts.count for file in kept) < 2:
        raise ValueError(
            f"{place} holds {len(kept)} image that can be read; training takes at least 2"
        )
    modes = Counter(file.facts.colour for file in kept)
    if colour == "auto" and len(modes) > 1:
        raise ValueError(
            f"{place} holds {modes['grey']} grey and {modes['rgb']} coloured images; "
            f"say {as_option('colour', 'rgb')}, or grey"
        )
    if colour == "auto":
        colour = kept[0].facts.colour
    return kept, "grey" if colour == "grey" else "rgb"


def depth_of(place: Path, files: list[Shown]) -> Scale | None:
    """Black and white of all pictures of more than 8 bits, None without any.

    ValueError if no scale fits.
    """
    deep = [file.facts.deep for file in files if file.facts.deep is not None]
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


def names_below(place: Path, files: Iterable[Path | str]) -> list[str]:
    """The paths of files below `place`, relative to it, with forward slashes."""
    above = os.path.join(place, "")  # text, since `relative_to` is slow for many files
    below = [os.fspath(file).removeprefix(above) for file in files]
    if os.sep == "/":
        return below
    return [name.replace(os.sep, "/") for name in below]


def _suffix(file: str) -> str:
    """Lower-case suffix of a file, "" if it is hidden.

    os.path.splitext takes three times as long.
    """
    _, dot, letters = file.rpartition(os.sep)[2].rpartition(".")
    if not dot or not letters:
        return ""
    return dot + letters.lower()
