"""A folder of the user's own images and videos, of any sizes, with what is known of them in sub-folders and CSV files."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.scale import Scale, scale_of, to_bytes
from unweave.data.factors import FactorSpace
from unweave.data.files.frames import Shown, frames
from unweave.data.files.listing import depth_of, listed, names_below, natural
from unweave.data.files.mapped import mapped
from unweave.data.files.photo import Colour, Fit, fitted, read
from unweave.data.images import FactorImages, ImageData
from unweave.data.tables import label_csv as sheets
from unweave.settings import Setting

log = logging.getLogger(__name__)
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
    every: Annotated[int, Setting("of a video or animated picture, each n-th frame is kept", low=1)] = 1,
    skip_bad: Annotated[bool, Setting("leave out files that cannot be read")] = False,
) -> ImageData | FactorImages:
    """The images below the folder `root` as uint8 of `size`, in the order of their names (frame2 before frame10).

    A video (the extra `video`), an animated picture or a TIFF of several pages is a clip: its frames are rows, one after
    the other, and a group. What a CSV file says of it holds for each of its frames. Videos are decoded at the first use
    alone, once to count their frames and once into a file; afterwards that file is read.

    With a factors.csv whose factors make a complete grid of stills, each combination once: a `FactorImages`. See
    `unweave.data.tables.label_csv` for the CSV files. Pictures of more than 8 bits have one black and one white for the
    whole folder, see `unweave.data.convert.scale`; they are decoded once more for that, when the folder is first opened.
    ValueError for an empty folder, a file that cannot be read, or grey and coloured images side by side. What was
    understood is logged.
    """
    if root is None:
        raise ValueError("name the folder of images: root=FOLDER")
    place = Path(root)
    if not place.is_dir():
        raise FileNotFoundError(f"there is no folder {place}")
    files, colour = listed(place, colour, skip_bad)
    deep = depth_of(place, files)
    names = names_below(place, (shown.file for shown in files))
    labels = sheets.factors(place / "factors.csv", names) if (place / "factors.csv").is_file() else None
    if labels is not None and labels.grid and not any(shown.clip for shown in files):
        space = FactorSpace(labels.names, labels.sizes, labels.values, labels.kinds)
        files = [files[i] for i in np.argsort(space.rows(labels.v))]
        images, scale = _decode(place, files, size, colour, fit, every, deep)
        about = _say(place, files, size, colour, fit, every, f"a grid of {space}", scale)
        return FactorImages(space, images, name=place.name, about=about, white=scale.depth, floats=scale.floats)
    clip, rows = np.array([shown.clip for shown in files]), _rows(files, every)
    y, classes, groups = _subfolders(names, clip, subfolders)
    if (place / "groups.csv").is_file():
        groups = sheets.groups(place / "groups.csv", names)
    pairs = sheets.pairs(place / "pairs.csv", names) if (place / "pairs.csv").is_file() else None
    if pairs is not None and clip[pairs].any():
        raise ValueError(f"{place / 'pairs.csv'} names {names[pairs[clip[pairs]][0]]!r}, a clip; pairs are of stills")
    known = [f"{len(classes)} classes"] if classes else []
    known += [f"{len(np.unique(groups))} groups"] if groups is not None else []
    known += [f"{len(pairs)} pairs"] if pairs is not None else []
    known += [f"factors {', '.join(labels.names)}"] if labels is not None else []
    images, scale = _decode(place, files, size, colour, fit, every, deep)
    return ImageData(
        images,
        y=None if y is None else y[rows],
        class_names=classes,
        labels=None if labels is None else labels.v[rows],
        factor_names=() if labels is None else labels.names,
        factor_sizes=() if labels is None else labels.sizes,
        factor_kinds=None if labels is None else labels.kinds,
        factor_values=() if labels is None else labels.values,
        groups=None if groups is None else groups[rows],
        pairs=None if pairs is None else np.searchsorted(rows, pairs),
        name=place.name,
        about=_say(place, files, size, colour, fit, every, ", ".join(known) or "no labels", scale),
        white=scale.depth,
        floats=scale.floats,
    )


def _say(
    place: Path, files: list[Shown], size: int, colour: str, fit: str, every: int, known: str, scale: Scale
) -> str:
    shape = "their middle cropped" if fit == "crop" else "padded with black"
    n, clips = len(_rows(files, every)), [shown for shown in files if shown.clip]
    moving = f", {len(_rows(clips, every)):,} of them the frames of {len(clips):,} clips" if clips else ""
    moving += f", 1 of each {every} kept" if clips and every > 1 else ""
    numbers = "" if scale.words == "bytes" else f" of {scale.words}"
    about = f"{place}: {n:,} {colour} images{numbers}{moving}, resized to {size}x{size}, {shape}; {known}"
    log.info(about)
    return about


def _rows(files: Sequence[Shown], every: int) -> NDArray[np.int64]:
    """The place (N,) among the files of what each row shows."""
    return np.repeat(np.arange(len(files)), [-(-shown.count // every) if shown.clip else 1 for shown in files])


def _subfolders(
    names: list[str], clip: NDArray[np.bool_], meaning: str
) -> tuple[NDArray[np.int64] | None, tuple[str, ...], NDArray[np.int64] | None]:
    """(classes, their names, groups) of the files: classes from the folders they are in, groups from clips.

    No classes where all files are in one folder, no groups where there is no clip. A still that is in no clip is a group
    of its own beside them.
    """
    parts = [name.split("/")[0] if meaning == "classes" else name.rpartition("/")[0] for name in names]
    apart = len(set(parts)) > 1 and all("/" in name for name in names)
    order = sorted(set(parts), key=natural)
    y = np.array([order.index(part) for part in parts]) if apart and meaning == "classes" else None
    if not clip.any():
        clips = np.array([order.index(part) for part in parts]) if apart and meaning == "clips" else None
        return y, () if y is None else tuple(order), clips
    whole = [bool(moves) or meaning == "classes" or "/" not in name for name, moves in zip(names, clip, strict=True)]
    keys = [(own, name if own else part) for own, name, part in zip(whole, names, parts, strict=True)]
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return y, () if y is None else tuple(order), np.array([number[key] for key in keys])


def _decode(
    place: Path, files: list[Shown], size: int, colour: Colour, fit: Fit, every: int, deep: Scale | None
) -> tuple[NDArray[np.uint8], Scale]:
    """The images (N, C, size, size) as bytes, and the scale that they had in the files: `deep`, or that of bytes."""
    shape = (len(_rows(files, every)), 3 if colour == "rgb" else 1, size, size)

    def still(shown: Shown) -> NDArray[np.uint8]:
        return read(shown.file, size, colour, fit, deep)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for moves, part in groupby(files, key=lambda shown: shown.clip):
                if moves:
                    moving = (
                        fitted(frame, size, colour, fit, deep) for shown in part for frame in frames(shown, every)
                    )
                    while chunk := list(islice(moving, CHUNK)):
                        yield np.stack(chunk)
                else:
                    while some := list(islice(part, CHUNK)):
                        yield np.stack(list(pool.map(still, some)))

    if np.prod(shape) < LARGE and not any(shown.clip for shown in files):
        images = np.concatenate(list(chunks()))
    else:
        state = "".join(f"{f.file}\n{(s := f.file.stat()).st_size} {s.st_mtime_ns}\n" for f in files)
        state += f"{size} {colour} {fit}" + (f" {every}" if every > 1 else "") + (f" {deep}" if deep else "")
        variant = "." + hashlib.blake2b(state.encode(), digest_size=6).hexdigest()
        images = mapped(place, shape, chunks, variant=variant)[0]
    if deep is not None:
        return images, deep
    scale = scale_of(images, str(place))
    return to_bytes(images, scale), scale
