"""Decoding of the pictures and clips of a folder to one array, which is kept in a file where it is large."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.scale import Scale, scale_of, to_bytes
from unweave.data.files.frames import Shown, frames
from unweave.data.files.mapped import mapped
from unweave.data.files.photo import Colour, Fit, fitted, read

LARGE = 64 << 20  # bytes of decoded images; more are kept in a file and not decoded each time
CHUNK = 512  # images decoded at once


def rows_of(files: Sequence[Shown], every: int) -> NDArray[np.int64]:
    """The place (N,) of the file of each row."""
    counts = [-(-shown.count // every) if shown.clip else 1 for shown in files]  # rounded up
    return np.repeat(np.arange(len(files)), counts)


def decoded(
    place: Path, files: list[Shown], size: int, colour: Colour, fit: Fit, every: int, deep: Scale | None
) -> tuple[NDArray[np.uint8], Scale]:
    """The images (N, C, size, size) as bytes, and the scale that they had in the files: `deep`, or
    that of bytes.
    """
    shape = (len(rows_of(files, every)), 3 if colour == "rgb" else 1, size, size)

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
    return "." + hashlib.blake2b(os.fsencode(state), digest_size=6).hexdigest()
