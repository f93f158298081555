"""Scale of images: which number is black and which is white, one answer for a whole data set.

| numbers | black, white |
|---|---|
| bool | False, True |
| uint8 | 0, 255; or 0, 1 where nothing in the data set is above 1 |
| other whole numbers | 0, and the first of 1, 255, 4095 (12 bits), 65535 (16 bits) not exceeded |
| floats | 0, 1; where they leave that: -1, 1, or 0, and the first of 255, 4095 and 65535 |

Floats may exceed black and white by half a level of 8 bits, as after rounding, and are clipped.
Floats that leave [0, 1] have to reach half way to the end of another range: what is a little beyond
(the overshoot of a filter, which would turn a data set black or grey) is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLACK = 0.5 / 255  # of the way from black to white
DEPTHS = ((1, "0 and 1"), (255, "whole numbers to 255"), (4095, "12 bits"), (65535, "16 bits"))
# {bytes of an unsigned number: the value above which a greater one changes nothing}
SETTLED = {1: 1, 2: 4095}
RANGES = ((0, 1), (-1, 1), (0, 255), (0, 4095), (0, 65535))
CHUNK = 16 << 20  # bytes looked at or converted at once


@dataclass(frozen=True)
class Scale:
    """The numbers of black and of white, and the scale in words."""

    black: int
    white: int
    words: str

    @property
    def depth(self) -> int:
        """White of images of more than 8 bits, whole numbers or floats; 255 for all others."""
        return max(self.white, 255)

    @property
    def floats(self) -> tuple[int, int] | None:
        """Black and white of floats; None where the numbers are whole."""
        if not self.words.startswith("floats"):
            return None
        return self.black, self.white

    def bytes(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """The values, of any shape, as bytes: black is 0, white 255, values beyond are clipped."""
        gain = 255 / (self.white - self.black)
        # (v - black) * gain, with one pass over the values less
        scaled = np.rint(values.astype(np.float32) * gain - self.black * gain)
        return scaled.clip(0, 255).astype(np.uint8)


def of_floats(black: int, white: int) -> Scale:
    """The scale of floats from black to white."""
    return Scale(black, white, f"floats in [{black}, {white}]")


UNIT = of_floats(0, 1)
SIXTEEN = Scale(0, 65535, "16 bits")


def scale_of(images: NDArray[Any], name: str) -> Scale:
    """The scale of all images (N, ...) of a data set; read in parts, and no further than needed.

    ValueError for values that are not finite, and for a range that is none of those above.
    """
    if images.dtype.kind == "b":
        return Scale(0, 1, "0 and 1")
    low, high = extremes(images, name)
    found = scale_between(images.dtype.kind == "f", low, high, name)
    if images.dtype == np.uint8 and found.white == 255:
        return Scale(0, 255, "bytes")
    return found


def scale_between(floats: bool, low: float, high: float, name: str) -> Scale:
    """The scale of a data set with values from `low` to `high`, of floats or of whole numbers.

    ValueError, with `name`, if no scale fits.
    """
    if not floats:
        for white, words in DEPTHS:
            if low >= 0 and high <= white:
                return Scale(0, white, words)
        raise ValueError(
            f"{name} has values from {low:g} to {high:g}; "
            "expected bytes, or whole numbers from 0 to 65535"
        )
    # the first range that contains the values and that they fill at least half
    for black, white in RANGES:
        slack = SLACK * (white - black)
        if black - slack <= low and high <= white + slack and _reaches(black, white, low, high):
            return of_floats(black, white)
    raise ValueError(
        f"{name} has values from {low:.8g} to {high:.8g}; expected bytes, or floats in [0, 1], or "
        "floats that fill half of [-1, 1], [0, 255], [0, 4095] or [0, 65535]: clip or divide them"
    )


def _reaches(black: int, white: int, low: float, high: float) -> bool:
    """Whether floats reach half way to the end at which this range differs from [0, 1]."""
    if (black, white) == (0, 1):
        return True
    if black:
        return low <= black / 2
    return high >= white / 2


def to_bytes(images: NDArray[Any], scale: Scale) -> NDArray[np.uint8]:
    """Images (N, ...) as bytes, converted in parts; those that are bytes already are not copied."""
    if images.dtype == np.uint8 and scale.white == 255:
        return images
    out = np.empty(images.shape, dtype=np.uint8)
    for part in parts(images):
        out[part] = scale.bytes(images[part])
    return out


def to_unit(images: NDArray[Any], kind: type[np.floating] = np.float32) -> NDArray[Any]:
    """Images (n, C, H, W) as floats in [0, 1]: bytes divided by 255, floats unchanged.

    Vectors (n, F) are never divided. On tensors it is `types.to_unit`; without torch, data sets
    cannot call that.
    """
    found = images.astype(kind)
    if images.dtype == np.uint8 and images.ndim > 3:
        return found / kind(255)
    return found


def unmasked(array: Any, name: str) -> Any:
    """The array without its mask. ValueError, with the first row, if any value is masked."""
    if not isinstance(array, np.ma.MaskedArray):
        return array
    if np.ma.is_masked(array):
        row = np.argwhere(np.ma.getmaskarray(array))[0][0]
        raise ValueError(
            f"{name} has masked values, first in row {row}; fill them, or leave out those rows"
        )
    return array.data


def refuse_unfinite(array: NDArray[Any], name: str) -> None:
    """ValueError, with the first row, if values are NaN or infinite."""
    if array.dtype.kind != "f":
        return
    for part in parts(array):
        if not np.isfinite(array[part]).all():
            row = part.start + np.argwhere(~np.isfinite(array[part]))[0][0]
            raise ValueError(f"{name} holds NaN or infinity, first in row {row}; remove or mend it")


def extremes(images: NDArray[Any], name: str) -> tuple[float, float]:
    """The least and the greatest value; unsigned numbers are read until no greater one matters."""
    unsigned = images.dtype.kind == "u"
    settled = np.inf
    if unsigned:
        settled = SETTLED.get(images.dtype.itemsize, np.inf)
    low = np.inf
    high = -np.inf
    for part in parts(images):
        some = images[part]
        least = 0.0  # of unsigned numbers, whose black is 0 whatever the least one is
        if not unsigned:
            least = float(some.min())
        greatest = float(some.max())
        if not np.isfinite(least) or not np.isfinite(greatest):
            refuse_unfinite(images, name)
        low = min(low, least)
        high = max(high, greatest)
        if high > settled:
            break
    return low, high


def parts(array: NDArray[Any]) -> list[slice]:
    """Slices over the rows of an array (N, ...), each of about CHUNK bytes."""
    rows = max(1, CHUNK * len(array) // max(array.nbytes, 1))
    return [slice(start, start + rows) for start in range(0, len(array), rows)]
