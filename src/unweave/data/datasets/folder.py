"""Data set from a folder of the user's images and videos, of any sizes, with labels in sub-folders
and CSV files.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.scale import Scale, scale_of, to_bytes
from unweave.data.datasets.subfolders import by_subfolder
from unweave.data.factors import FactorSpace
from unweave.data.files.frames import Shown, frames
from unweave.data.files.listing import depth_of, listed, names_below
from unweave.data.files.mapped import mapped
from unweave.data.files.photo import Colour, Fit, fitted, read
from unweave.data.images import FactorImages, ImageData
from unweave.data.tables import label_csv as sheets
from unweave.settings import Setting

log = logging.getLogger(__name__)
LARGE = 64 << 20  # bytes of decoded images; more are kept in a file and not decoded each time
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
    every: Annotated[int, Setting("of a video or animated picture, each n-th frame is kept", low=1)] = 1,
    skip_bad: Annotated[bool, Setting("leave out files that cannot be read")] = False,
) -> ImageData | FactorImages:
    """The images below the folder `root` as uint8 of `size`, in the order of their names
    (frame2 before frame10).

    A video (the extra `video`), an animated picture or a TIFF of several pages is a clip: its
    frames are rows, one after the other, and a group. Its labels in a CSV file apply to each of its
    frames. Videos are decoded at the first use alone, once to count their frames and once into a
    file; afterwards that file is read.

    With a factors.csv whose factors make a complete grid of stills, each combination once: a
    `FactorImages`. See `unweave.data.tables.label_csv` for the CSV files. Pictures of more than 8
    bits have one black and one white for the whole folder, see `unweave.data.convert.scale`; they
    are decoded once more for that, when the folder is first opened. ValueError for an empty folder,
    a file that cannot be read, or grey images among coloured ones. The interpretation is logged.
    """
    if root is None:
        raise ValueError("name the folder of images: root=FOLDER")
    place = Path(root)
    if not place.is_dir():
        raise FileNotFoundError(f"there is no folder {place}")
    files, colour = listed(place, colour, skip_bad)
    deep = depth_of(place, files)
    names = names_below(place, (shown.file for shown in files))
    labels = None
    if (place / "factors.csv").is_file():
        labels = sheets.factors(place / "factors.csv", names)
    if labels is not None and labels.grid and not any(shown.clip for shown in files):
        space = FactorSpace(labels.names, labels.sizes, labels.values, labels.kinds)
        files = [files[i] for i in np.argsort(space.rows(labels.v))]
        images, scale = _decode(place, files, size, colour, fit, every, deep)
        about = _described(place, files, size, colour, fit, every, f"a grid of {space}", scale)
        return FactorImages(space, images, name=place.name, about=about, white=scale.depth, floats=scale.floats)
    columns = _columns(place, files, names, labels, subfolders, every)
    images, scale = _decode(place, files, size, colour, fit, every, deep)
    about = _described(place, files, size, colour, fit, every, _listed(columns), scale)
    return ImageData(images, name=place.name, about=about, white=scale.depth, floats=scale.floats, **columns)


def _columns(
    place: Path, files: list[Shown], names: list[str], labels: sheets.Labels | None, subfolders: str, every: int
) -> dict[str, Any]:
    """Classes, labels, groups and pairs of the N rows, as keywords of `ImageData`."""
    clip = np.array([shown.clip for shown in files])
    y, classes, groups = by_subfolder(names, clip, subfolders)
    if (place / "groups.csv").is_file():
        groups = sheets.groups(place / "groups.csv", names)
    rows = _rows(files, every)
    found: dict[str, Any] = {}
    if y is not None:
        found["y"] = y[rows]
        found["class_names"] = classes
    if groups is not None:
        found["groups"] = groups[rows]
    if (place / "pairs.csv").is_file():
        pairs = sheets.pairs(place / "pairs.csv", names)
        if clip[pairs].any():
            first = names[pairs[clip[pairs]][0]]
            raise ValueError(f"{place / 'pairs.csv'} names {first!r}, a clip; pairs are of stills")
        found["pairs"] = np.searchsorted(rows, pairs)  # from places of files to rows
    if labels is not None:
        found["labels"] = labels.v[rows]
        found["factor_names"] = labels.names
        found["factor_sizes"] = labels.sizes
        found["factor_kinds"] = labels.kinds
        found["factor_values"] = labels.values
    return found


def _listed(columns: dict[str, Any]) -> str:
    """The known columns in words."""
    known = []
    if "y" in columns:
        known.append(f"{len(columns['class_names'])} classes")
    if "groups" in columns:
        known.append(f"{len(np.unique(columns['groups']))} groups")
    if "pairs" in columns:
        known.append(f"{len(columns['pairs'])} pairs")
    if "labels" in columns:
        known.append(f"factors {', '.join(columns['factor_names'])}")
    return ", ".join(known) or "no labels"


def _described(
    place: Path, files: list[Shown], size: int, colour: str, fit: str, every: int, known: str, scale: Scale
) -> str:
    """The interpretation of a folder in a line, which is logged too."""
    shape = "their middle cropped" if fit == "crop" else "padded with black"
    n = len(_rows(files, every))
    clips = [shown for shown in files if shown.clip]
    moving = ""
    if clips:
        moving = f", {len(_rows(clips, every)):,} of them the frames of {len(clips):,} clips"
        if every > 1:
            moving += f", 1 of each {every} kept"
    numbers = "" if scale.words == "bytes" else f" of {scale.words}"
    about = f"{place}: {n:,} {colour} images{numbers}{moving}, resized to {size}x{size}, {shape}; {known}"
    log.info(about)
    return about


def _rows(files: Sequence[Shown], every: int) -> NDArray[np.int64]:
    """The place (N,) of the file of each row."""
    counts = [-(-shown.count // every) if shown.clip else 1 for shown in files]  # rounded up
    return np.repeat(np.arange(len(files)), counts)


def _decode(
    place: Path, files: list[Shown], size: int, colour: Colour, fit: Fit, every: int, deep: Scale | None
) -> tuple[NDArray[np.uint8], Scale]:
    """The images (N, C, size, size) as bytes, and the scale that they had in the files: `deep`, or
    that of bytes.
    """
    shape = (len(_rows(files, every)), 3 if colour == "rgb" else 1, size, size)

    def still(shown: Shown) -> NDArray[np.uint8]:
        return read(shown.file, size, colour, fit, deep)

    def moving(clips: Iterator[Shown]) -> Iterator[NDArray[np.uint8]]:
        for shown in clips:
            for frame in frames(shown, every):
                yield fitted(frame, size, colour, fit, deep)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for is_clip, part in groupby(files, key=lambda shown: shown.clip):
                if is_clip:
                    decoded = moving(part)
                    while chunk := list(islice(decoded, CHUNK)):
                        yield np.stack(chunk)
                else:
                    while some := list(islice(part, CHUNK)):
                        yield np.stack(list(pool.map(still, some)))

    if np.prod(shape) < LARGE and not any(shown.clip for shown in files):
        images = np.concatenate(list(chunks()))
    else:
        variant = _variant(files, f"{size} {colour} {fit}", every, deep)
        images = mapped(place, shape, chunks, variant=variant)[0]
    if deep is not None:
        return images, deep
    scale = scale_of(images, str(place))
    return to_bytes(images, scale), scale


def _variant(files: list[Shown], options: str, every: int, deep: Scale | None) -> str:
    """The suffix of the cache file: a hash of the files, their sizes and times, and all that
    changes the pixels.
    """
    state = ""
    for shown in files:
        stat = shown.file.stat()
        state += f"{shown.file}\n{stat.st_size} {stat.st_mtime_ns}\n"
    state += options
    if every > 1:
        state += f" {every}"
    if deep:
        state += f" {deep}"
    return "." + hashlib.blake2b(state.encode(), digest_size=6).hexdigest()
