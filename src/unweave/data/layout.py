"""An array as people have them, with channels first or last, of bytes or of floats, as images that a method can use."""

from __future__ import annotations

import logging
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)
Layout = Literal["auto", "hwc", "chw"]
CHANNELS = (1, 3, 4)
CHUNK = 4096  # images converted at once


def as_images(array: NDArray[Any], layout: Layout = "auto", name: str = "the array") -> tuple[NDArray[Any], int, str]:
    """(images uint8 (N, C, H, W), or vectors float32 (N, F); frames in a clip, 1 if none; what was understood, one line).

    Rank 2: vectors. Rank 3: grey images. Rank 4: images with channels last or first: the axis of 1, 3 or 4; if both could
    be, the one that leaves the image square. Rank 5: clips, (N, T) before that. Bytes are kept (0 and 1 become 0 and
    255); floats are in [0, 1], [-1, 1] or [0, 255], as their range tells. ValueError for anything else, for one single
    image, and for values that are not finite.
    """
    if array.dtype.kind not in "uifb":
        raise ValueError(f"{name} holds {array.dtype}; expected numbers")
    single = (array.ndim == 3 and array.shape[-1] in CHANNELS) or (array.ndim > 2 and array.shape[0] == 1)
    square = array.ndim == 2 and array.dtype == np.uint8 and array.shape[0] == array.shape[1]
    if single or square or (array.ndim == 3 and array.shape[0] in CHANNELS):
        raise ValueError(
            f"{name} has shape {array.shape}: one single image; expected many, (N, H, W, C) or (N, C, H, W)"
        )
    if array.ndim not in (2, 3, 4, 5) or 0 in array.shape or len(array) < 2:
        raise ValueError(f"{name} has shape {array.shape}; expected at least 2 images (N, H, W, C) or (N, C, H, W)")
    if array.ndim == 2:
        return _finite(array, name).astype(np.float32), 1, f"{len(array):,} vectors of {array.shape[1]}"
    frames = array.shape[1] if array.ndim == 5 else 1
    flat = array.reshape(-1, *array.shape[2:]) if array.ndim == 5 else array
    images, order = (flat[:, None], "grey") if flat.ndim == 3 else _channels_first(flat, layout, name)
    pixels, scale = _bytes(images, name)
    shape = "x".join(map(str, (*pixels.shape[2:], pixels.shape[1])))
    clips = f" in clips of {frames}" if frames > 1 else ""
    about = f"{len(pixels):,} images of {shape}{clips}, read as {order}, {scale}"
    log.info("%s: %s", name, about)
    return pixels, frames, about


def _channels_first(array: NDArray[Any], layout: Layout, name: str) -> tuple[NDArray[Any], str]:
    _, a, b, c = array.shape
    last, first = c in CHANNELS, a in CHANNELS
    if layout == "auto" and last and first:
        last, first = a == b, b == c
    if layout == "auto" and last == first:
        raise ValueError(
            f"{name} has shape {array.shape}: which axis are the channels? say layout='hwc' or layout='chw'"
        )
    if layout == "chw" or (layout == "auto" and first):
        return array, "channels first"
    return array.transpose(0, 3, 1, 2), "channels last"


def _bytes(images: NDArray[Any], name: str) -> tuple[NDArray[np.uint8], str]:
    """The images as uint8 in 0..255; an array of bytes is not copied, unless its brightest pixel is 1."""
    low, high = _range(images, name)
    if images.dtype == np.uint8 and high > 1:
        return images, "bytes"
    if images.dtype.kind in "bui":
        ways = [(0, 1, 255.0, 0.0, "0 and 1"), (0, 255, 1.0, 0.0, "whole numbers to 255")]
        ways += [(0, 65535, 1 / 257, 0.0, "16 bits")]
    else:
        ways = [(0, 1, 255.0, 0.0, "floats in [0, 1]"), (-1, 1, 127.5, 127.5, "floats in [-1, 1]")]
        ways += [(0, 255, 1.0, 0.0, "floats in [0, 255]")]
    for least, most, scale, shift, words in ways:
        if least <= low and high <= most:
            out = np.empty(images.shape, dtype=np.uint8)
            for i in range(0, len(images), CHUNK):
                out[i : i + CHUNK] = np.rint(images[i : i + CHUNK].astype(np.float32) * scale + shift)
            return out, words
    raise ValueError(
        f"{name} has values from {low:g} to {high:g}; expected bytes, or floats in [0, 1], [-1, 1], [0, 255]"
    )


def _range(images: NDArray[Any], name: str) -> tuple[float, float]:
    parts = [_finite(images[i : i + CHUNK], name) for i in range(0, len(images), CHUNK)]
    return float(min(p.min() for p in parts)), float(max(p.max() for p in parts))


def _finite(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = np.argwhere(~np.isfinite(array))[0][0]
        raise ValueError(f"{name} holds NaN or infinity, first in row {row}; remove or mend it")
    return array
