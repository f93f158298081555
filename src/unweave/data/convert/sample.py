"""One sample of a data set, as of torch or Hugging Face: its image and its labels by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from unweave.data.convert.beside import CLASSES, FACTORS
from unweave.tensors import plain

CLASS_KEYS = (*CLASSES, "target", "class", "fine_label")
IMAGE_KEYS = ("image", "img", "images", "x", "pixel_values")


@dataclass(frozen=True)
class Sample:
    """The parts of one sample: its image, its labels by name, and the names of those left out."""

    image: Any
    beside: dict[str, Any]
    left: tuple[str, ...] = ()


def parts_of(sample: Any) -> Sample:
    """The parts of an image, of (image, class or factors, ...), or of a dict of them."""
    keys = ""
    if isinstance(sample, dict):
        keys = f" with {', '.join(map(str, sample))}"
        key = _image_key(sample)
        if key is not None:
            return _sample_of_dict(sample, key)
    elif isinstance(sample, (tuple, list)) and sample and _is_image(sample[0]):
        beside = {}
        if len(sample) > 1 and sample[1] is not None:
            beside["y"] = sample[1]
        return Sample(sample[0], beside, tuple(f"its part {k}" for k in range(2, len(sample))))
    elif _is_image(sample):
        return Sample(sample, {})
    raise ValueError(
        f"a sample is a {type(sample).__name__}{keys}; expected an image, "
        "or a tuple or dict with one"
    )


def _sample_of_dict(sample: dict[Any, Any], image: Any) -> Sample:
    """The parts of a dict whose image is at the key `image`."""
    labels = [key for key in (*CLASS_KEYS, *FACTORS) if key in sample and key != image]
    known = [key for key in labels if sample[key] is not None]
    left = tuple(str(key) for key in sample if key not in known and key != image)
    return Sample(sample[image], {_name(key): sample[key] for key in known}, left)


def _image_key(sample: dict[Any, Any]) -> Any:
    """The key of the image: a usual name, or that of the first image-like value, no label."""
    for key in IMAGE_KEYS:
        if key in sample and _is_image(sample[key]):
            return key
    for key, value in sample.items():
        if key not in CLASS_KEYS and key not in FACTORS and _is_image(value):
            return key
    return None


def _name(key: str) -> str:
    """The name under which `unweave.data.convert.beside` knows a label."""
    if key in CLASSES or key in FACTORS:
        return key
    return "y"


def label_of(value: Any, name: str, place: int) -> Any:
    """A label of sample number `place`: text, a number or a vector (K,).

    ValueError for anything else.
    """
    if isinstance(value, str):
        return value
    value = plain(value)
    what = type(value).__name__
    if isinstance(value, (int, float, list, tuple)) or hasattr(value, "shape"):
        found = np.asanyarray(value)
        if found.ndim <= 1 and found.dtype.kind in "biuf":
            return found
        what = f"{found.dtype} of shape {found.shape}"
    raise ValueError(
        f"sample {place} has {what} as its {name}; expected a class, text, or a vector of factors"
    )


def _is_image(value: Any) -> bool:
    """Whether a value is a picture, or an array or tensor of rank 1 to 3."""
    return isinstance(value, Image.Image) or (
        hasattr(value, "shape") and len(value.shape) in (1, 2, 3)
    )
