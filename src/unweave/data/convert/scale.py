"""What the numbers of images mean: which one is black and which is white. One answer for a whole data set.

| numbers | black, white |
|---|---|
| bool | False, True |
| uint8 | 0, 255; or 0, 1 where nothing in the data set is above 1 |
| other whole numbers | 0, and the first of 1, 255, 4095 (12 bits) and 65535 (16 bits) that nothing in the data set is above |
| floats | 0, 1; where they leave that: -1, 1, or 0, and the first of 255, 4095 and 65535 |

Floats may pass black and white by half a level of 8 bits, as rounding does, and are clipped. Floats that leave [0, 1]
have to reach half way to the end that tells another range from it: what is a little beyond (the overshoot of a filter,
which would turn a data set black or grey) is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLACK = 0.5 / 255  # of the way from black to white
DEPTHS = ((1, "0 and 1"), (255, "whole numbers to 255"), (4095, "12 bits"), (65535, "16 bits"))
SETTLED = {1: 1, 2: 4095}  # bytes of an unsigned number: above this value, a brighter one changes nothing
RANGES = ((0, 1), (-1, 1), (0, 255), (0, 4095), (0, 65535))
CHUNK = 16 << 20  # bytes looked at or converted at once


@dataclass(frozen=True)
class Scale:
    """The numbers of black and of white, and what that is in words."""

    black: int
    white: int
    words: str

    @property
    def depth(self) -> int:
        """White of numbers deeper than bytes, the whole ones and those that came as floats; 255 for all else."""
        return max(self.white, 255)

    @property
    def floats(self) -> tuple[int, int] | None:
        """Black and white of floats; None where the numbers are whole."""
        return (self.black, self.white) if self.words.startswith("floats") else None

    def bytes(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """The values, of any shape, as bytes: black 0, white 255, what is beyond clipped."""
        gain = 255 / (self.white - self.black)
        scaled = np.rint(values.astype(np.float32) * gain - self.black * gain)
        return scaled.clip(0, 255).astype(np.uint8)


def of_floats(black: int, white: int) -> Scale:
    """The scale of floats from black to white."""
    return Scale(black, white, f"floats in [{black}, {white}]")


UNIT, SIXTEEN = of_floats(0, 1), Scale(0, 65535, "16 bits")


def scale_of(images: NDArray[Any], name: str) -> Scale:
    """The scale of all images (N, ...) of a data set; read a part at a time, and no further than it takes to tell.

    ValueError for values that are not finite, and for a range that is none of those above.
    """
    if images.dtype.kind == "b":
        return Scale(0, 1, "0 and 1")
    low, high = _range(images, name)
    found = scale_between(images.dtype.kind == "f", low, high, name)
    return Scale(0, 255, "bytes") if images.dtype == np.uint8 and found.white == 255 else found


def scale_between(floats: bool, low: float, high: float, name: str) -> Scale:
    """The scale of a data set whose darkest and brightest values, of floats or of whole numbers, are `low` and `high`."""
    if not floats:
        for white, words in DEPTHS:
            if low >= 0 and high <= white:
                return Scale(0, white, words)
        raise ValueError(
            f"{name} has values from {low:g} to {high:g}; expected bytes, or whole numbers from 0 to 65535"
        )
    for black, white in RANGES:
        slack = SLACK * (white - black)
        if black - slack <= low and high <= white + slack and _reaches(black, white, low, high):
            return of_floats(black, white)
    raise ValueError(
        f"{name} has values from {low:.8g} to {high:.8g}; expected bytes, or floats in [0, 1], or floats that fill half "
        "of [-1, 1], [0, 255], [0, 4095] or [0, 65535]: clip or divide them"
    )


def _reaches(black: int, white: int, low: float, high: float) -> bool:
    """Whether floats reach half way to the end at which this range differs from [0, 1]."""
    if (black, white) == (0, 1):
        return True
    return low <= black / 2 if black else high >= white / 2


def to_bytes(images: NDArray[Any], scale: Scale) -> NDArray[np.uint8]:
    """Images (N, ...) as bytes, a part at a time; those that are bytes already are not copied."""
    if images.dtype == np.uint8 and scale.white == 255:
        return images
    out = np.empty(images.shape, dtype=np.uint8)
    for part in parts(images):
        out[part] = scale.bytes(images[part])
    return out


def to_unit(images: NDArray[Any], kind: type[np.floating] = np.float32) -> NDArray[Any]:
    """Images (n, C, H, W) as floats of a kind: bytes in [0, 1], divided by 255; floats are so already.

    Vectors (n, F) are never divided. On tensors it is `types.to_unit`; without torch, data sets cannot call that.
    """
    found = images.astype(kind)
    return found / kind(255) if images.dtype == np.uint8 and images.ndim > 3 else found


def unit(
    images: NDArray[Any], *, white: int = 255, binary: bool = False, floats: tuple[int, int] | None = None
) -> NDArray[Any]:
    """Images (n, ...) of a data set that is known, as bytes: those that it was read as itself, of the same numbers.

    white: of its whole numbers other than bytes. binary: whether it is black and white, so that 0 and 1 are not two dark
    greys. floats: black and white of its floats; where it had none, floats are in [0, 1] and stay float32, not rounded to
    bytes. ValueError for values beyond, those that are not finite and those that are masked.
    """
    images = unmasked(images, "the array of images")
    kind = images.dtype.kind
    if kind not in "uifb":
        raise ValueError(f"images of type {images.dtype} are not numbers; expected [0, 1], or uint8 in 0 to 255")
    if kind == "b" or (binary and kind in "ui" and images.size and images.min() >= 0 and images.max() <= 1):
        return images.astype(np.uint8) * np.uint8(255)
    if images.dtype == np.uint8 or not images.size:
        return images
    _refuse_beyond(images, white, floats)
    if kind == "f" and floats is None:
        return images.astype(np.float32).clip(0, 1)
    return to_bytes(images, of_floats(*floats) if kind == "f" and floats else Scale(0, white, "whole numbers"))


def _refuse_beyond(images: NDArray[Any], white: int, floats: tuple[int, int] | None) -> None:
    """ValueError if floats or whole numbers are beyond black and white, but for the rounding of floats."""
    low, high = _range(images, "the array of images")
    black, most = floats or (0, 1)
    least, greatest, slack = (black, most, SLACK * (most - black)) if images.dtype.kind == "f" else (0, white, 0.0)
    if low < least - slack or high > greatest + slack:
        raise ValueError(
            f"images of type {images.dtype} reach from {low:.8g} to {high:.8g}; expected [{black}, {most}]"
            + (" as of this data set's floats" if floats else "")
            + ", or uint8 in 0 to 255"
            + (f", or whole numbers to {white}, as this data set has" if white > 255 else "")
        )


def unmasked(array: Any, name: str) -> Any:
    """What was given, without a mask. ValueError if any value is masked: a picture with holes has no meaning here."""
    if not isinstance(array, np.ma.MaskedArray):
        return array
    if np.ma.is_masked(array):
        row = np.argwhere(np.ma.getmaskarray(array))[0][0]
        raise ValueError(f"{name} has masked values, first in row {row}; fill them, or leave out those rows")
    return array.data


def refuse_unfinite(array: NDArray[Any], name: str) -> None:
    """ValueError, with the first row, if values are NaN or infinite."""
    if array.dtype.kind != "f":
        return
    for part in parts(array):
        if not np.isfinite(array[part]).all():
            row = part.start + np.argwhere(~np.isfinite(array[part]))[0][0]
            raise ValueError(f"{name} holds NaN or infinity, first in row {row}; remove or mend it")


def _range(images: NDArray[Any], name: str) -> tuple[float, float]:
    """The least and the greatest value; of unsigned numbers only until a greater one would change nothing."""
    settled = SETTLED.get(images.dtype.itemsize, np.inf) if images.dtype.kind == "u" else np.inf
    low, high = np.inf, -np.inf
    for part in parts(images):
        some = images[part]
        least, greatest = float(some.min()), float(some.max())
        if not np.isfinite(least) or not np.isfinite(greatest):
            refuse_unfinite(images, name)
        low = min(low, least)
        high = max(high, greatest)
        if high > settled:
            break
    return low, high


def parts(array: NDArray[Any]) -> list[slice]:
    """The rows of an array (N, ...), as many at once as are few bytes."""
    rows = max(1, CHUNK * len(array) // max(array.nbytes, 1))
    return [slice(start, start + rows) for start in range(0, len(array), rows)]
