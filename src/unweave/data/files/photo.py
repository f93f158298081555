"""Decoding of a picture file to an array of a given size and colour."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, features

from unweave.data.convert.scale import SIXTEEN, UNIT, Scale

Fit = Literal["crop", "pad"]
Colour = Literal["grey", "rgb"]
MODES = {"grey": "L", "rgb": "RGB"}
LARGEST = 50_000_000  # pixels; a damaged header may promise any number
# pixels; of more, each 2,000 take a byte at least: a blank grey PNG has 1,030 a byte
LIKELY = 1 << 22
DENSEST = 2000  # pixels a byte
# what Pillow raises of damaged files
BROKEN = (
    ValueError, OSError, SyntaxError, EOFError, TypeError, MemoryError, IndexError, OverflowError,
    struct.error, Image.DecompressionBombError,
)  # fmt: skip
FORMATS = (
    "PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000", "QOI", "PCX",
)  # fmt: skip
LOOSE = "TGA"  # begins with no mark of its own, so that its suffix has to say it
NEED = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp"}  # what Pillow can be built without
GREY = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"}


def colour_of(image: Image.Image) -> Colour:
    """Whether a picture is grey or in colour, by its mode; palettes count as colour."""
    if image.mode in GREY:
        return "grey"
    return "rgb"


def suffixes() -> set[str]:
    """Suffixes, in lower case, of the formats that are read: what this build of Pillow decodes."""
    Image.init()
    missing = {name for name, feature in NEED.items() if not features.check(feature)}
    read = {*FORMATS, "MPO", LOOSE} - missing
    return {suffix for suffix, name in Image.registered_extensions().items() if name in read}


def opened(file: Path) -> Image.Image:
    """The picture, its header read.

    ValueError, naming the file, if there is none or it is too large.

    Its first bytes decide the format, whatever the suffix. Only `FORMATS` are tried: others of
    Pillow's start programs, such as Ghostscript, or take almost any bytes.

    A JPEG may have 179 million pixels, since it is decoded at a fraction of its size; another
    picture 50 million. More than four million in a file of few bytes mean a damaged header.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns at 89 million pixels and refuses twice as many
            warnings.simplefilter("ignore")
            image = Image.open(file, formats=_formats(file))
        if too_large(image, file):
            image.close()
            raise ValueError(
                f"it says it has {image.width} x {image.height} pixels, too many to decode"
            )
        return image
    except BROKEN as error:
        raise ValueError(f"{file} is not a picture that can be read: {error}") from error


def is_picture(file: Path) -> bool:
    """Whether the first bytes of a file are those of a picture that is read."""
    try:
        opened(file).close()
    except BROKEN:
        return False
    return True


def _formats(file: Path) -> tuple[str, ...]:
    """The formats that a file may have."""
    if Image.registered_extensions().get(file.suffix.lower()) == LOOSE:
        return (*FORMATS, LOOSE)
    return FORMATS


def too_large(image: Image.Image, file: Path) -> bool:
    """Whether a picture has too many pixels to decode, or more than so many bytes can hold."""
    pixels = image.width * image.height
    possible = max(LIKELY, DENSEST * file.stat().st_size)
    return (image.format != "JPEG" and pixels > LARGEST) or pixels > possible


def checked(image: Image.Image, file: Path) -> None:
    """One of BROKEN if a checksum in a PNG is wrong; Pillow itself ignores those of the pixels."""
    if image.format == "PNG":
        with Image.open(file) as again:
            again.verify()


def fitted(
    image: Image.Image, size: int, colour: Colour, fit: Fit = "crop", scale: Scale | None = None
) -> NDArray[np.uint8]:
    """The picture as uint8 (C, size, size), rotated by its EXIF tag, transparent parts white.

    fit: "crop": scaled so that the short side fits, the middle kept. "pad": scaled so that the long
        side fits, black around it. A picture of this size keeps its pixels; other sizes are
        resampled by Lanczos' filter.
    scale: black and white of a deep picture; 16 bits, or for floats [0, 1], if None.
    """
    # upright, opaque, grey or in colour, and only then resampled
    image = _opaque(ImageOps.exif_transpose(image), scale).convert(MODES[colour])
    if image.size != (size, size):
        resize = ImageOps.fit if fit == "crop" else ImageOps.pad
        image = resize(image, (size, size), method=Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        return pixels[None]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))  # (H, W, C) -> (C, H, W)


def read(
    file: Path, size: int, colour: Colour, fit: Fit = "crop", scale: Scale | None = None
) -> NDArray[np.uint8]:
    """The picture in a file, `fitted`, as uint8 (C, size, size).

    ValueError, naming the file, if it is damaged.
    """
    with opened(file) as image:
        try:
            checked(image, file)
            # lets a JPEG be decoded at a fraction of its size
            image.draft(MODES[colour], (2 * size, 2 * size))
            return fitted(image, size, colour, fit, scale)
        except BROKEN as error:
            raise ValueError(f"{file} is damaged: {error}") from error


def deep(image: Image.Image) -> bool:
    """Whether pixels are more than bytes: whole numbers of 16 or 32 bits, or floats."""
    return image.mode.startswith(("I", "F"))


def extremes(image: Image.Image) -> tuple[float, float]:
    """The darkest and the brightest value of a deep picture, (0, 0) if it is transparent.

    ValueError if a value is not finite.
    """
    values, clear = _values(image)
    if not np.isfinite(values).all():
        raise ValueError("it holds NaN or infinity")
    seen = values[~clear]
    if not seen.size:
        return 0.0, 0.0
    return float(seen.min()), float(seen.max())


def _values(image: Image.Image) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """The numbers of a deep picture, and where it is transparent, (H, W) each."""
    values = np.asarray(image)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        return values, values == clear
    return values, np.zeros(values.shape, dtype=bool)


def _opaque(image: Image.Image, scale: Scale | None) -> Image.Image:
    """The picture of 8 bits, with white in place of transparency."""
    if deep(image):
        values, clear = _values(image)
        if scale is None:
            scale = UNIT if image.mode == "F" else SIXTEEN
        return Image.fromarray(np.where(clear, np.uint8(255), scale.bytes(values)))
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image
