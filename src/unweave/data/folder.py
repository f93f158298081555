"""A folder of the user's own images, of any sizes, with what is known of them in sub-folders and in CSV files."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data import sheets
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.mapped import mapped
from unweave.data.photo import Colour, Fit, colour_of, opened, read
from unweave.settings import Setting

log = logging.getLogger(__name__)
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
LARGE = 64 << 20  # bytes of decoded images, from which on they are kept in a file rather than decoded each time
CHUNK = 512  # images decoded at once


def folder(
    root: str | Path | None = None,
    *,
    size: Annotated[int, Setting("pixels a side", low=1)] = 64,
    colour: Annotated[Literal["auto", "grey", "rgb"], Setting("channels; auto if all images agree")] = "auto",
    fit: Annotated[Fit, Setting("other shapes than square: the middle is cropped, or black padded")] = "crop",
    subfolders: Annotated[
        Literal["classes", "clips"], Setting("what a sub-folder is; clips are sorted by name")
    ] = "classes",
    skip_bad: Annotated[bool, Setting("leave out files that cannot be read")] = False,
) -> ImageData | FactorImages:
    """The images below the folder `root` as uint8 of `size`, in the order of their names (frame2 before frame10).

    With a factors.csv whose factors make a complete grid, each combination once: a `FactorImages`. See
    `unweave.data.sheets` for the CSV files. ValueError for an empty folder, a file that cannot be read, or grey
    and coloured images side by side. What was understood is logged.
    """
    if root is None:
        raise ValueError("name the folder of images: root=FOLDER")
    place = Path(root)
    if not place.is_dir():
        raise FileNotFoundError(f"there is no folder {place}")
    files, colour = _look(place, _files(place), colour, skip_bad)
    names = [file.relative_to(place).as_posix() for file in files]
    labels = sheets.factors(place / "factors.csv", names) if (place / "factors.csv").is_file() else None
    if labels is not None and labels.grid:
        space = FactorSpace(labels.names, labels.sizes, [np.array(v) for v in labels.values])
        files = [files[i] for i in np.argsort(space.rows(labels.v))]
        about = _say(place, files, size, colour, fit, f"a grid of {space}")
        images = _decode(place, files, size, colour, fit)
        return FactorImages(space, images, name=place.name, about=about)
    y, classes, groups = _subfolders(names, subfolders)
    if (place / "groups.csv").is_file():
        groups = sheets.groups(place / "groups.csv", names)
    pairs = sheets.pairs(place / "pairs.csv", names) if (place / "pairs.csv").is_file() else None
    known = [f"{len(classes)} classes"] if classes else []
    known += [f"{len(np.unique(groups))} groups"] if groups is not None else []
    known += [f"{len(pairs)} pairs"] if pairs is not None else []
    known += [f"factors {', '.join(labels.names)}"] if labels is not None else []
    return ImageData(
        _decode(place, files, size, colour, fit),
        y=y,
        class_names=classes,
        labels=None if labels is None else labels.v,
        factor_names=() if labels is None else labels.names,
        factor_sizes=() if labels is None else labels.sizes,
        groups=groups,
        pairs=pairs,
        name=place.name,
        about=_say(place, files, size, colour, fit, ", ".join(known) or "no labels"),
    )


def _say(place: Path, files: list[Path], size: int, colour: str, fit: str, known: str) -> str:
    shape = "their middle cropped" if fit == "crop" else "padded with black"
    about = f"{place}: {len(files):,} {colour} images, resized to {size}x{size}, {shape}; {known}"
    log.info(about)
    return about


def natural(path: Path | str) -> list[tuple[int, str]]:
    """The key that sorts names as people do: numbers by their value.

    >>> sorted(["frame10", "frame2"], key=natural)
    ['frame2', 'frame10']
    """
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", str(path)) if part]


def _files(place: Path) -> list[Path]:
    found = [f for f in place.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file() and not f.name.startswith(".")]
    if not found:
        raise ValueError(f"{place} holds no images; looked for {', '.join(sorted(SUFFIXES))} in it and below")
    return sorted(found, key=lambda f: natural(f.relative_to(place).as_posix()))


def _look(place: Path, files: list[Path], colour: str, skip_bad: bool) -> tuple[list[Path], Colour]:
    """The files that can be decoded and the colours they agree on."""
    kept, modes = [], Counter[str]()
    for file in files:
        try:
            with opened(file) as image:
                if skip_bad:
                    image.load()
                modes[colour_of(image)] += 1
        except (ValueError, OSError, SyntaxError, EOFError) as error:
            if not skip_bad:
                reason = str(error) if str(file) in str(error) else f"{file} is damaged: {error}"
                raise ValueError(f"{reason}; mend or remove it, or give skip_bad=True") from error
            log.warning("left out %s: it cannot be read", file)
            continue
        kept.append(file)
    if len(kept) < 2:
        raise ValueError(f"{place} holds {len(kept)} image that can be read; training takes at least 2")
    if colour == "auto" and len(modes) > 1:
        raise ValueError(
            f"{place} holds {modes['grey']} grey and {modes['rgb']} coloured images; say colour='rgb' or colour='grey'"
        )
    chosen = modes.most_common(1)[0][0] if colour == "auto" else colour
    return kept, "grey" if chosen == "grey" else "rgb"


def _subfolders(
    names: list[str], meaning: str
) -> tuple[NDArray[np.int64] | None, tuple[str, ...], NDArray[np.int64] | None]:
    """(classes, their names, groups) from the folders the files are in; none where all files are in one folder."""
    parts = [name.split("/")[0] if meaning == "classes" else name.rpartition("/")[0] for name in names]
    if len(set(parts)) < 2 or any("/" not in name for name in names):
        return None, (), None
    order = sorted(set(parts), key=natural)
    index = np.array([order.index(part) for part in parts])
    return (index, tuple(order), None) if meaning == "classes" else (None, (), index)


def _decode(place: Path, files: list[Path], size: int, colour: Colour, fit: Fit) -> NDArray[np.uint8]:
    shape = (len(files), 3 if colour == "rgb" else 1, size, size)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(files), CHUNK):
                part = files[start : start + CHUNK]
                yield np.stack(list(pool.map(lambda f: read(f, size, colour, fit), part)))

    if np.prod(shape) < LARGE:
        return np.concatenate(list(chunks()))
    state = "".join(f"{f}\n{(s := f.stat()).st_size} {s.st_mtime_ns}\n" for f in files) + f"{size} {colour} {fit}"
    return mapped(place, shape, chunks, variant="." + hashlib.blake2b(state.encode(), digest_size=6).hexdigest())[0]
