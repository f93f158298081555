"""New images by the scale of a known data set: bytes, whole numbers and floats, or an error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.scale import SLACK, Scale, extremes, of_floats, to_bytes, unmasked


def unit(
    images: NDArray[Any],
    *,
    white: int = 255,
    binary: bool = False,
    floats: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """New images (n, ...) by the scale of a known data set, as the bytes it would read from them.

    white: of its whole numbers other than bytes. binary: whether it is black and white, so that 0
    and 1 are not two dark greys. floats: black and white of its floats; if None, floats are in [0,
    1] and stay float32, not rounded to bytes. ValueError for values beyond, not finite or masked.
    """
    images = unmasked(images, "the array of images")
    kind = images.dtype.kind
    if kind not in "uifb":
        raise ValueError(
            f"images of type {images.dtype} are not numbers; expected [0, 1], or uint8 in 0 to 255"
        )
    zeros_and_ones = (
        binary and kind in "ui" and images.size and images.min() >= 0 and images.max() <= 1
    )
    if kind == "b" or zeros_and_ones:
        return images.astype(np.uint8) * np.uint8(255)
    if images.dtype == np.uint8 or not images.size:
        return images
    _refuse_beyond(images, white, floats)
    if kind != "f":
        return to_bytes(images, Scale(0, white, "whole numbers"))
    if floats is None:
        return images.astype(np.float32).clip(0, 1)
    return to_bytes(images, of_floats(*floats))


def _refuse_beyond(images: NDArray[Any], white: int, floats: tuple[int, int] | None) -> None:
    """ValueError for numbers beyond black and white, except for the rounding of floats."""
    # half a level of 8 bits more for floats, as after rounding
    low, high = extremes(images, "the array of images")
    black, most = floats or (0, 1)
    if images.dtype.kind == "f":
        slack = SLACK * (most - black)
        beyond = low < black - slack or high > most + slack
    else:
        beyond = low < 0 or high > white
    if not beyond:
        return
    expected = f"[{black}, {most}]"
    if floats:
        expected += " as of this data set's floats"
    expected += ", or uint8 in 0 to 255"
    if white > 255:
        expected += f", or whole numbers to {white}, as this data set has"
    raise ValueError(
        f"images of type {images.dtype} reach from {low:.8g} to {high:.8g}; expected {expected}"
    )
