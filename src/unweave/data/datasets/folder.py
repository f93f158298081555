"""Data set from a folder of the user's images and videos; labels in sub-folders and CSV files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from unweave.data.convert.scale import Scale
from unweave.data.datasets.subfolders import beside_classes, by_subfolder
from unweave.data.factors import FactorSpace
from unweave.data.files.decoded import decoded, rows_of_files
from unweave.data.files.kept_facts import Shown
from unweave.data.files.left_out import READ, LeftOut
from unweave.data.files.listing import depth_of, listed, names_below, pictures
from unweave.data.files.photo import Fit
from unweave.data.images import FactorImages, ImageData
from unweave.data.tables import label_csv as sheets
from unweave.settings import Setting, as_option
from unweave.text import visible

log = logging.getLogger(__name__)


def folder(
    root: str | Path | None = None,
    *,
    size: Annotated[int, Setting("pixels a side", low=1)] = 64,
    colour: Annotated[
        Literal["auto", "grey", "rgb"], Setting("channels; auto if all images agree")
    ] = "auto",
    fit: Annotated[
        Fit, Setting("other shapes than square: the middle is cropped, or black padded")
    ] = "crop",
    subfolders: Annotated[
        Literal["classes", "clips"], Setting("what a sub-folder is; clips are sorted by name")
    ] = "classes",
    every: Annotated[
        int, Setting("of a video or animated picture, each n-th frame is kept", low=1)
    ] = 1,
    skip_bad: Annotated[bool, Setting("leave out files that cannot be read")] = False,
) -> ImageData | FactorImages:
    """The images below the folder `root`, uint8 of `size`, by name (frame2 before frame10).

    Linked sub-folders are followed, each once. A file without a suffix is a picture by its first
    bytes. What is left out is said in one line with the reason; files that lie beside class
    folders, which hold most pictures, are among it.

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
        raise ValueError(f"name the folder of images: {as_option('root', 'FOLDER')}")
    place = Path(root)
    if not place.is_dir():
        raise FileNotFoundError(f"there is no folder {place}")
    left = LeftOut(place)
    found = _in_classes(place, pictures(place, left), subfolders, left)
    files, colour = listed(found, colour, skip_bad, left)
    deep = depth_of(place, files)
    names = names_below(place, (shown.file for shown in files))
    labels = None
    if (place / "factors.csv").is_file():
        labels = sheets.factors(place / "factors.csv", names)
    if labels is not None and labels.grid and not any(shown.facts.clip for shown in files):
        # a complete grid of stills: the files in the order of its rows
        space = FactorSpace(labels.names, labels.sizes, labels.values, labels.kinds)
        files = [files[i] for i in np.argsort(space.rows(labels.v))]
        images, scale, ones = decoded(place, files, size, colour, fit, every, deep)
        about = _described(place, files, size, colour, fit, every, f"a grid of {space}", scale)
        return FactorImages(
            space,
            images,
            name=place.name,
            about=about,
            ones_are_white=ones,
            white=scale.depth,
            floats=scale.floats,
        )
    columns = _columns(place, files, names, labels, subfolders, every)
    images, scale, ones = decoded(place, files, size, colour, fit, every, deep)
    about = _described(place, files, size, colour, fit, every, _listed(columns), scale)
    return ImageData(
        images,
        name=place.name,
        about=about,
        ones_are_white=ones,
        white=scale.depth,
        floats=scale.floats,
        **columns,
    )


def _in_classes(place: Path, files: list[str], subfolders: str, left: LeftOut) -> list[str]:
    """The files without the few that lie beside class folders, unless a table may name them."""
    if subfolders != "classes" or any((place / name).is_file() for name in READ):
        return files
    beside = set(beside_classes(names_below(place, files)))
    for i in sorted(beside):
        left.named("beside the class folders", files[i])
    return [file for i, file in enumerate(files) if i not in beside]


def _columns(
    place: Path,
    files: list[Shown],
    names: list[str],
    labels: sheets.Labels | None,
    subfolders: str,
    every: int,
) -> dict[str, Any]:
    """Classes, labels, groups and pairs of the N rows, as keywords of `ImageData`."""
    clip = np.array([shown.facts.clip for shown in files])
    y, classes, groups = by_subfolder(names, clip, subfolders)
    if (place / "groups.csv").is_file():
        groups = sheets.groups(place / "groups.csv", names)
    rows = rows_of_files(files, every)
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
    place: Path,
    files: list[Shown],
    size: int,
    colour: str,
    fit: str,
    every: int,
    known: str,
    scale: Scale,
) -> str:
    """The interpretation of a folder in a line, which is logged too."""
    about = f"{place}: {len(rows_of_files(files, every)):,} {colour} images"
    if scale.words != "bytes":
        about += f" of {scale.words}"
    clips = [shown for shown in files if shown.facts.clip]
    if clips:
        frames = len(rows_of_files(clips, every))
        about += f", {frames:,} of them the frames of {len(clips):,} clips"
        if every > 1:
            about += f", 1 of each {every} kept"
    shape = "their middle cropped" if fit == "crop" else "padded with black"
    about += f", resized to {size}x{size}, {shape}; {known}"
    log.info(visible(about))
    return about
