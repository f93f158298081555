"""Data sets that give their samples one by one, as those of torch and of Hugging Face, read once into an array.

Known by what they can do (a length, an index), not by their type, so that neither library has to be installed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unweave.data.convert.beside import CLASSES, FACTORS
from unweave.data.convert.scale import Scale, scale_between
from unweave.data.files.photo import Colour, colour_of, deep, extremes, fitted
from unweave.tensors import plain

log = logging.getLogger(__name__)
CLASS_KEYS = (*CLASSES, "target", "class", "fine_label")
IMAGE_KEYS = ("image", "img", "images", "x", "pixel_values")


@dataclass(frozen=True)
class Sample:
    """The parts of one sample: its image, what stands beside it by name, and the names of what is left out."""

    image: Any
    beside: dict[str, Any]
    left: tuple[str, ...] = ()


def collect(samples: Any, size: int) -> dict[str, Any]:
    """{"images": (N, ...), "beside": {name: (N,) or (N, K)}, "class_names": [...]} of N samples, as far as they have them.

    Beside an image stand a class (a whole number or text), a number, or a vector of factors. Pictures are resized and
    centre-cropped to `size`; arrays and tensors have to be of one shape. ValueError if a sample holds no image, or
    something else beside it, or samples differ in shape, in what they hold or in whether they are grey.
    """
    if not len(samples):
        raise ValueError("the data set is empty")
    first = _sample(samples[0])
    colour = colour_of(first.image) if isinstance(first.image, Image.Image) else "grey"
    scale = _scale(samples) if isinstance(first.image, Image.Image) and deep(first.image) else None
    if first.left:
        log.warning("of each sample these are left out: %s", ", ".join(first.left))
    images = []
    beside: dict[str, list[Any]] = {name: [] for name in first.beside}
    for i in range(len(samples)):
        sample = _sample(samples[i])
        images.append(_pixels(sample.image, size, colour, i, scale))
        _alike(i, images[-1], images[0], sample, first)
        for name, value in sample.beside.items():
            beside[name].append(_value(value, name, i))
    masked = any(map(np.ma.is_masked, images))
    found: dict[str, Any] = {"images": np.ma.stack(images) if masked else np.stack(images)}
    if scale is not None:
        found["scale"] = scale
    return found | _columns(beside, _class_names(samples))


def _alike(place: int, image: NDArray[Any], one: NDArray[Any], sample: Sample, first: Sample) -> None:
    """ValueError if a sample differs from the first one in the shape or type of its image, or in what is beside it."""
    if image.shape != one.shape:
        raise ValueError(f"sample {place} has shape {image.shape}; the first one has {one.shape}")
    if image.dtype != one.dtype:
        raise ValueError(f"sample {place} holds {image.dtype}, the first one {one.dtype}: give all one type")
    if sample.beside.keys() != first.beside.keys():
        there, wanted = (", ".join(s.beside) or "no label" for s in (sample, first))
        raise ValueError(f"sample {place} has {there} beside its image, the first one {wanted}")


def _sample(sample: Any) -> Sample:
    """The parts of an image, (image, class or factors, ...), or a dict of them."""
    if isinstance(sample, dict):
        key = _image_key(sample)
        if key is not None:
            known = [k for k in (*CLASS_KEYS, *FACTORS) if k in sample and k != key and sample[k] is not None]
            left = tuple(str(k) for k in sample if k not in known and k != key)
            return Sample(sample[key], {_name(k): sample[k] for k in known}, left)
    elif isinstance(sample, (tuple, list)) and sample and _is_image(sample[0]):
        beside = {"y": sample[1]} if len(sample) > 1 and sample[1] is not None else {}
        return Sample(sample[0], beside, tuple(f"its part {k}" for k in range(2, len(sample))))
    elif _is_image(sample):
        return Sample(sample, {})
    keys = f" with {', '.join(map(str, sample))}" if isinstance(sample, dict) else ""
    raise ValueError(f"a sample is a {type(sample).__name__}{keys}; expected an image, or a tuple or dict with one")


def _image_key(sample: dict[Any, Any]) -> Any:
    """The key of the image: of the usual name, or else of the first value that can be one and is no label."""
    usual = [k for k in IMAGE_KEYS if k in sample and _is_image(sample[k])]
    others = [k for k in sample if k not in CLASS_KEYS and k not in FACTORS and _is_image(sample[k])]
    return next(iter([*usual, *others]), None)


def _name(key: str) -> str:
    return key if key in CLASSES or key in FACTORS else "y"


def _value(value: Any, name: str, place: int) -> Any:
    """What stands beside an image: text, a number or a vector (K,)."""
    if isinstance(value, str):
        return value
    value = plain(value)
    found = np.asanyarray(value) if isinstance(value, (int, float, list, tuple)) or hasattr(value, "shape") else None
    if found is None or found.ndim > 1 or found.dtype.kind not in "biuf":
        what = type(value).__name__ if found is None else f"{found.dtype} of shape {found.shape}"
        raise ValueError(f"sample {place} has {what} as its {name}; expected a class, text, or a vector of factors")
    return found


def _columns(beside: dict[str, list[Any]], class_names: list[str]) -> dict[str, Any]:
    """What stands beside the images as arrays, words as classes in their alphabet."""
    found: dict[str, Any] = {}
    for name, values in beside.items():
        words = sorted({value for value in values if isinstance(value, str)})
        if words:
            if not all(isinstance(value, str) for value in values):
                raise ValueError(f"{name} is text in some samples and numbers in others")
            class_names = words
            found[name] = np.array([words.index(value) for value in values])
            continue
        if len({value.shape for value in values}) > 1:
            raise ValueError(f"{name} has the shapes {sorted({value.shape for value in values})}; expected one")
        found[name] = np.ma.stack(values) if any(map(np.ma.is_masked, values)) else np.stack(values)
    return {"beside": found, "class_names": class_names}


def _is_image(value: Any) -> bool:
    return isinstance(value, Image.Image) or (hasattr(value, "shape") and len(value.shape) in (1, 2, 3))


def _pixels(image: Any, size: int, colour: Colour, place: int, scale: Scale | None) -> NDArray[Any]:
    if not isinstance(image, Image.Image):
        return np.asanyarray(plain(image))
    if colour_of(image) != colour:
        raise ValueError(f"sample {place} is {colour_of(image)}, the first one {colour}; convert them to one mode")
    if deep(image) != (scale is not None):
        raise ValueError(f"sample {place} has the mode {image.mode}, not as deep as the first one; convert them to one")
    return fitted(image, size, colour, scale=scale)


def _scale(samples: Any) -> Scale:
    """The black and white of all pictures, of more than 8 bits; each is decoded once more for that."""
    low, high, floats = np.inf, -np.inf, set()
    for i in range(len(samples)):
        image = _sample(samples[i]).image
        if not isinstance(image, Image.Image) or not deep(image):
            raise ValueError(
                f"sample {i} is no picture of more than 8 bits, but the first one is; convert them to one mode"
            )
        least, greatest = extremes(image)
        low = min(low, least)
        high = max(high, greatest)
        floats.add(image.mode == "F")
    if len(floats) > 1:
        raise ValueError("some samples are pictures of floats and some of whole numbers; convert them to one mode")
    return scale_between(floats == {True}, low, high, "the data set")


def _class_names(samples: Any) -> list[str]:
    """The names that Hugging Face (`features`) or torchvision (`classes`) give, if they do."""
    features = getattr(samples, "features", None) or {}
    named = (getattr(features[k], "names", None) for k in CLASS_KEYS if k in features)
    return list(next((n for n in named if n), None) or getattr(samples, "classes", None) or [])
