"""Decoding of picture files and clips: at each opening if they are few, else kept in a copy."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.ones import as_stored
from unweave.data.convert.scale import Scale, scale_of
from unweave.data.files.frames import frames
from unweave.data.files.kept_facts import Shown
from unweave.data.files.left_out import MEND
from unweave.data.files.mapped import mapped
from unweave.data.files.photo import Colour, Fit, fitted, read

LARGE = 64 << 20  # bytes of decoded images; more are kept in a copy and not decoded each time
MANY = 5000  # pictures, likewise: to decode as many takes a second or more
CHUNK = 512  # images decoded at once
CHANNELS = {"grey": 1, "rgb": 3}


def rows_of_files(files: Sequence[Shown], every: int) -> NDArray[np.int64]:
    """The place (N,) of the file of each row."""
    # a still has one row, a clip every n-th of its frames, rounded up
    counts = [-(-shown.facts.count // every) for shown in files]
    return np.repeat(np.arange(len(files)), counts)


def decoded(
    place: Path,
    files: list[Shown],
    size: int,
    colour: Colour,
    fit: Fit,
    every: int,
    deep: Scale | None,
) -> tuple[NDArray[np.uint8], Scale, bool]:
    """(images (N, C, size, size) as bytes, their scale in the files, whether their ones are white).

    The scale is `deep`, or that of bytes.
    """
    shape = (len(rows_of_files(files, every)), CHANNELS[colour], size, size)

    def still(shown: Shown) -> NDArray[np.uint8]:
        try:
            return read(shown.path, size, colour, fit, deep)
        except ValueError as error:
            raise ValueError(f"{error}; {MEND}") from error

    def moving(clips: Iterator[Shown]) -> Iterator[NDArray[np.uint8]]:
        for shown in clips:
            for frame in frames(shown.path, every):
                yield fitted(frame, size, colour, fit, deep)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        # in the order of the files: runs of stills in threads, clips frame by frame
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for is_clip, part in groupby(files, key=lambda shown: shown.facts.clip):
                if is_clip:
                    decoded = moving(part)
                    while chunk := list(islice(decoded, CHUNK)):
                        yield np.stack(chunk)
                else:
                    while some := list(islice(part, CHUNK)):
                        yield np.stack(list(pool.map(still, some)))

    small = np.prod(shape) < LARGE and len(files) < MANY
    if small and not any(shown.facts.clip for shown in files):
        images = np.concatenate(list(chunks()))
    else:
        made_of = [shown.file for shown in files]
        known = [shown.state for shown in files]
        variant = _variant(size, colour, fit, every, deep)
        images = mapped(place, shape, chunks, made_of=made_of, known=known, variant=variant)[0]
    if deep is not None:
        return images, deep, False
    scale = scale_of(images, str(place))
    pixels, ones_are_white = as_stored(images, scale)
    return pixels, scale, ones_are_white


def _variant(size: int, colour: Colour, fit: Fit, every: int, deep: Scale | None) -> str:
    """The part of the copy's name for all but the files that changes its pixels."""
    options = repr((size, colour, fit, every, deep))
    return "." + hashlib.blake2b(options.encode(), digest_size=6).hexdigest()
