"""Frames of a picture file: one of a still, all of a video or animation, the pages of a TIFF.

Animations are GIF, WebP, PNG and AVIF.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from unweave.data.files import video
from unweave.data.files.photo import (
    BROKEN,
    Colour,
    checked,
    colour_of,
    deep,
    extremes,
    opened,
    too_large,
)

MOVING = {"GIF", "WEBP", "PNG", "TIFF", "AVIF"}
SUBFILE = 254  # the tag of a TIFF page whose lowest bit marks a reduced copy of another page
Deep = tuple[Literal["whole", "float"], float, float]


@dataclass(frozen=True)
class FrameFacts:
    """FrameFacts of a picture file: number of frames, colour, and whether it is a clip.

    Clips are videos, animations and files of many pages.

    deep: of a picture of more than 8 bits the kind of its numbers, and the least and the greatest.
    """

    count: int
    colour: Colour
    clip: bool
    deep: Deep | None = None


def frames(file: Path, every: int = 1) -> Iterator[Image.Image]:
    """The first of each `every` frames of a clip. ValueError, naming the file, if it is damaged."""
    return (image for image, _ in islice(_all(file), 0, None, every))


def facts(file: Path, whole: bool = False) -> FrameFacts:
    """The facts of a file; a clip is decoded for them, a still only if `whole`.

    ValueError if it is unreadable.
    """
    if file.suffix.lower() not in video.SUFFIXES:
        with opened(file) as image:
            if not _moves(image):
                if whole:
                    checked(image, file)
                    image.load()
                return FrameFacts(1, colour_of(image), clip=False, deep=_deep(image, file))
    # a clip: the colour and the depth of each frame
    colours = []
    ranges = []
    for image, colour in _all(file):
        colours.append(colour)
        ranges.append(_deep(image, file))
    chosen: Colour = "rgb" if "rgb" in colours else "grey"
    return FrameFacts(len(colours), chosen, clip=True, deep=_widest(ranges, file))


def _moves(image: Image.Image) -> bool:
    """Whether a picture has several frames or pages."""
    if image.format not in MOVING or not getattr(image, "is_animated", False):
        return False
    return image.format != "TIFF" or len(_numbers(image)) > 1


def _numbers(image: Image.Image) -> list[int]:
    """Numbers of the frames, without an animated PNG's still image and a TIFF's reduced copies."""
    first = int(bool(image.info.get("default_image")))
    found = list(range(first, getattr(image, "n_frames", 1)))
    if isinstance(image, TiffImageFile):
        found = [k for k in found if not _is_copy(image, k)]
        image.seek(0)
    return found


def _is_copy(image: TiffImageFile, k: int) -> bool:
    image.seek(k)
    return k > 0 and bool(int(image.tag_v2.get(SUBFILE, 0)) & 1)


def _widest(ranges: list[Deep | None], file: Path) -> Deep | None:
    """The range of all pages of a deep picture.

    ValueError if some are deep and some not, or of another kind.
    """
    found = [one for one in ranges if one is not None]
    if not found:
        return None
    kinds = [kind for kind, _, _ in found]
    if len(found) < len(ranges) or len(set(kinds)) > 1:
        raise ValueError(f"{file} has pages of different depths; save them as one")
    low = min(low for _, low, _ in found)
    high = max(high for _, _, high in found)
    return kinds[0], low, high


def _deep(image: Image.Image, file: Path) -> Deep | None:
    """Kind and range of the numbers of a deep picture, which is decoded. ValueError for NaN."""
    if not deep(image):
        return None
    try:
        low, high = extremes(image)
    except BROKEN as error:
        raise ValueError(f"{file} is damaged: {error}") from error
    if image.mode == "F":
        return "float", low, high
    return "whole", low, high


def _all(file: Path) -> Iterator[tuple[Image.Image, Colour]]:
    """All frames of a file, with the colour of each."""
    if file.suffix.lower() in video.SUFFIXES:
        return video.frames(file)
    return _pictures(file)


def _pictures(file: Path) -> Iterator[tuple[Image.Image, Colour]]:
    """The composed frames of an animated picture or the pages of a TIFF, each with its colour."""
    with opened(file) as image:
        try:
            checked(image, file)
            if image.format == "GIF" and not file.read_bytes().rstrip(b"\0").endswith(b";"):
                raise ValueError("it is cut off: a GIF ends in a semicolon")
            for k in _numbers(image):
                image.seek(k)
                # the frames of a GIF may be larger than its header says
                if too_large(image, file):
                    raise ValueError(
                        f"frame {k} has {image.width} x {image.height} pixels, too many to decode"
                    )
                image.load()
                yield image, _colour(image)
        except BROKEN as error:
            raise ValueError(f"{file} is damaged: {error}") from error


def _colour(image: Image.Image) -> Colour:
    """As `colour_of`, but RGB frames, as Pillow composes all, are grey if their channels agree."""
    if image.mode not in ("RGB", "RGBA", "P"):
        return colour_of(image)
    red, green, blue = np.asarray(image.convert("RGB")).transpose(2, 0, 1)  # (H, W) each
    if (red == green).all() and (green == blue).all():
        return "grey"
    return "rgb"
