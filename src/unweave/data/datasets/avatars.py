"""Avatars: drawn round faces in 10,800 combinations of 6 known factors, designed by an illustrator.

The style is Moods of DiceBear (https://www.dicebear.com), licence CC0 1.0; its parts and colours
are the factors. The packages dicebear-core (MIT), dicebear-styles and resvg-py draw it; together
they are the extra `avatars`.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unweave.data.factors import FactorSpace
from unweave.data.files.mapped import mapped
from unweave.data.images import FactorImages
from unweave.settings import Setting

CHUNK = 500  # images between two writes
STYLE = "moods"
PACKAGES = ("dicebear-core", "dicebear-styles", "resvg-py")
FACTORS: dict[str, tuple[Any, ...]] = {
    "background": ("#1d4ed8", "#a21caf", "#c2410c", "#047857"),
    "face colour": ("#7dd3fc", "#f0abfc", "#fcd34d", "#bef264", "#e2e8f0"),
    "face": ("circle", "softSquare", "wide", "tall", "bean"),
    "eyes": ("bigPupils", "lookSide", "closed", "wink", "squint", "angry"),
    "mouth": ("smile", "frown", "gasp", "line", "wavy", "teeth"),
    "height": (-20, 0, 20),  # of eyes and mouth, in hundredths of the eyes' height; downwards
}
KINDS = ("categorical",) * 5 + ("ordered",)


def avatars(
    root: Any = None, *, size: Annotated[int, Setting("pixels a side", low=16)] = 64
) -> FactorImages:
    """The avatars, RGB (3, size, size), drawn once and kept in the user's cache.

    `root` is not used. ImportError if the packages of the extra are not installed.
    """
    draw, style = _pen(size)
    values = list(FACTORS.values())
    space = FactorSpace(list(FACTORS), [len(v) for v in values], values, KINDS)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(space), CHUNK):
            rows = space.factors_at(np.arange(start, min(start + CHUNK, len(space))))
            yield np.stack([draw(dict(zip(FACTORS, _values(v), strict=True))) for v in rows])

    made_of = repr((size, FACTORS, [version(package) for package in PACKAGES]))
    variant = "." + hashlib.blake2b(made_of.encode(), digest_size=6).hexdigest()
    images, _ = mapped(style, (len(space), 3, size, size), chunks, variant=variant, beside=False)
    return FactorImages(
        space, images, name="avatars", about="drawn: Moods by DiceBear, CC0 1.0", binary=False
    )


def _values(v: NDArray[np.int64]) -> list[Any]:
    """The value of each factor for indices (6,)."""
    return [values[i] for values, i in zip(FACTORS.values(), v, strict=True)]


def _pen(size: int) -> tuple[Callable[[dict[str, Any]], NDArray[np.uint8]], Path]:
    """A function from a value of each factor to its image (3, size, size); the style's file."""
    try:
        import resvg_py
        from dicebear import Avatar, Style
    except ImportError as error:
        raise ImportError(
            f"avatars take {', '.join(PACKAGES)}: pip install 'unweave[avatars]'"
        ) from error
    found = find_spec("dicebear_styles")
    if found is None or not found.submodule_search_locations:
        raise ImportError("avatars take dicebear-styles: pip install 'unweave[avatars]'")
    path = Path(next(iter(found.submodule_search_locations))) / f"{STYLE}.json"
    text = path.read_text(encoding="utf-8")
    styles = {height: Style(_placed(json.loads(text), height)) for height in FACTORS["height"]}

    def draw(value: dict[str, Any]) -> NDArray[np.uint8]:
        svg = str(Avatar(styles[value["height"]], _options(value)))
        png = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
        return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB")).transpose(2, 0, 1)

    return draw, path


def _placed(definition: dict[str, Any], height: int) -> dict[str, Any]:
    """The style with eyes and mouth at a fixed place, which it would otherwise draw from a seed."""
    # heights are measured by the eyes, for the mouth too
    parts = definition["components"]
    for part in ("eyes", "mouth"):
        y = height * parts["eyes"]["height"] / parts[part]["height"]
        parts[part]["translate"] = {"x": {"min": 0, "max": 0}, "y": {"min": y, "max": y}}
    return definition


def _options(value: dict[str, Any]) -> dict[str, Any]:
    """Options for DiceBear, with all that its seed would decide fixed: only the factors vary."""
    return {
        "seed": "",
        "backgroundColor": [value["background"]],
        "faceColor": [value["face colour"]],
        "faceVariant": value["face"],
        "eyesVariant": value["eyes"],
        "mouthVariant": value["mouth"],
        "cheeksProbability": 0,
        "animationVariant": "none",
    }
