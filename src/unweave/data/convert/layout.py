"""Layout of users' arrays: channels first or last, bytes or floats, grey or colour.

All become uint8 (N, C, H, W).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.ones import as_stored
from unweave.data.convert.scale import Scale, refuse_unfinite, scale_of, unmasked
from unweave.settings import as_option

log = logging.getLogger(__name__)
Layout = Literal["auto", "hwc", "chw"]
CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Laid:
    """Images uint8 (N, C, H, W), or vectors float32 (N, F), and how the array was interpreted.

    frames: in a clip, 1 if there are no clips. scale: of the numbers in the images, None for
    vectors. ones_are_white: the images are 0 and 1, for 0 and 255.
    about: the interpretation in a line.
    """

    images: NDArray[Any]
    frames: int
    scale: Scale | None
    about: str
    ones_are_white: bool = False


def as_images(
    array: NDArray[Any],
    layout: Layout = "auto",
    name: str = "the array",
    scale: Scale | None = None,
) -> Laid:
    """An array of images as uint8 (N, C, H, W); vectors keep their values.

    Rank 2: vectors. Rank 3: grey images. Rank 4: images with channels last or first: the axis of 1,
    3 or 4; if both could be, the one that leaves the image square, or else no side of 1. Rank 5:
    clips, (N, T) before that. Black and white are determined for all images at once, see
    `unweave.data.convert.scale`.

    scale: the scale of the numbers before they became bytes, if they have.
    ValueError for anything else, for a single image, and for values that are not finite.
    """
    array = unmasked(array, name)
    _refuse_others(array, name)
    if array.ndim == 2:
        refuse_unfinite(array, name)
        about = f"{len(array):,} vectors of {array.shape[1]}"
        return Laid(array.astype(np.float32), 1, None, about)
    frames = 1
    if array.ndim == 5:  # (N, T, ...) -> (N * T, ...)
        frames = array.shape[1]
        array = array.reshape(-1, *array.shape[2:])
    if array.ndim == 3:
        images = array[:, None]  # (N, H, W) -> (N, 1, H, W)
        order = "grey"
    else:
        images, order = _channels_first(array, layout, name)
    pixels = images
    ones_are_white = False
    if scale is None:
        scale = scale_of(images, name)
        pixels, ones_are_white = as_stored(images, scale)
    shape = "x".join(map(str, (*pixels.shape[2:], pixels.shape[1])))
    if frames > 1:
        shape += f" in clips of {frames}"
    about = f"{len(pixels):,} images of {shape}, read as {order}, {scale.words}"
    log.info("%s: %s", name, about)
    return Laid(pixels, frames, scale, about, ones_are_white)


def _refuse_others(array: NDArray[Any], name: str) -> None:
    """ValueError for an array that is neither many images nor many vectors."""
    shape = array.shape
    if array.dtype.kind not in "uifb":
        raise ValueError(f"{name} holds {array.dtype}; expected numbers")
    refuse_single(array, name)
    if array.ndim not in (2, 3, 4, 5) or 0 in shape or len(array) < 2:
        raise ValueError(
            f"{name} has shape {shape}; expected at least 2 images (N, H, W, C) or (N, C, H, W)"
        )


def refuse_single(array: NDArray[Any], name: str) -> None:
    """ValueError for an array that is one image.

    It has colours on one side and no other rows, or is a square of bytes.
    """
    shape = array.shape
    colours = array.ndim == 3 and (shape[-1] in CHANNELS or shape[0] in CHANNELS)
    alone = array.ndim > 2 and shape[0] == 1
    square = array.ndim == 2 and array.dtype == np.uint8 and shape[0] == shape[1]
    if colours or alone or square:
        raise ValueError(
            f"{name} has shape {shape}: one single image; "
            "expected many, (N, H, W, C) or (N, C, H, W)"
        )


def _channels_first(array: NDArray[Any], layout: Layout, name: str) -> tuple[NDArray[Any], str]:
    """Images of rank 4 as (N, C, H, W), and in words where their channels were."""
    if channels_of(array.shape, layout, name) == "chw":
        return array, "channels first"
    return array.transpose(0, 3, 1, 2), "channels last"


def channels_of(shape: tuple[int, ...], layout: Layout, name: str) -> Literal["hwc", "chw"]:
    """Where the channels of images of this shape, of rank 4, are.

    ValueError if both ends could be them, or none.
    """
    if layout != "auto":
        return layout
    _, a, b, c = shape
    last = c in CHANNELS
    first = a in CHANNELS
    if last and first:
        # channels at the side that leaves the image square: H = W is a, b or b, c
        last = a == b
        first = b == c
        if last == first:  # an image with a side of 1 is less likely than a grey one
            last = a > 1 == c
            first = c > 1 == a
    if last == first:
        raise ValueError(
            f"{name} has shape {shape}: which axis are the channels? "
            f"say {as_option('layout', 'hwc')}, or chw"
        )
    if first:
        return "chw"
    return "hwc"


def refuse_channels_last(shape: tuple[int, ...], name: str) -> None:
    """ValueError for an image shape of a user's data set whose last axis can only be channels."""
    if len(shape) == 3 and shape[2] in CHANNELS and min(shape[:2]) > max(CHANNELS):
        raise ValueError(
            f"{name}: take gives images of {shape}, which are rows, columns, channels; "
            "they are (C, H, W), channels first"
        )
