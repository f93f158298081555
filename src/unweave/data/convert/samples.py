"""Data sets of samples, as those of torch and of Hugging Face, read once into an array.

They are recognised by a length and an index, not by their type, so that neither library has to be
installed.
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
    """The parts of one sample: its image, its labels by name, and the names of the parts that are
    left out.
    """

    image: Any
    beside: dict[str, Any]
    left: tuple[str, ...] = ()


def collect(samples: Any, size: int) -> dict[str, Any]:
    """Images and labels of N samples: {"images": (N, ...), "beside": {name: (N,) or (N, K)},
    "class_names": [...]}.

    Labels are a class (a whole number or text), a number, or a vector of factors. Pictures are
    resized and centre-cropped to `size`; arrays and tensors have to be of one shape. Pictures of
    more than 8 bits add their "scale". ValueError if a sample has no image, or something other than
    labels beside it, or if samples differ in shape, in their labels or in whether they are grey.
    """
    if not len(samples):
        raise ValueError("the data set is empty")
    first = _sample(samples[0])
    colour: Colour = "grey"
    scale = None
    if isinstance(first.image, Image.Image):
        colour = colour_of(first.image)
        if deep(first.image):
            scale = _scale(samples)
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
    found = _columns(beside, _class_names(samples))
    found["images"] = np.ma.stack(images) if masked else np.stack(images)
    if scale is not None:
        found["scale"] = scale
    return found


def _alike(
    place: int, image: NDArray[Any], one: NDArray[Any], sample: Sample, first: Sample
) -> None:
    """ValueError if a sample differs from the first one in the shape or type of its image, or in
    its labels.
    """
    if image.shape != one.shape:
        raise ValueError(f"sample {place} has shape {image.shape}; the first one has {one.shape}")
    if image.dtype != one.dtype:
        raise ValueError(
            f"sample {place} holds {image.dtype}, the first one {one.dtype}: give all one type"
        )
    if sample.beside.keys() != first.beside.keys():
        there = ", ".join(sample.beside) or "no label"
        wanted = ", ".join(first.beside) or "no label"
        raise ValueError(f"sample {place} has {there} beside its image, the first one {wanted}")


def _sample(sample: Any) -> Sample:
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
        f"a sample is a {type(sample).__name__}{keys}; expected an image, or a tuple or dict with one"
    )


def _sample_of_dict(sample: dict[Any, Any], image: Any) -> Sample:
    """The parts of a dict whose image is at the key `image`."""
    labels = [key for key in (*CLASS_KEYS, *FACTORS) if key in sample and key != image]
    known = [key for key in labels if sample[key] is not None]
    left = tuple(str(key) for key in sample if key not in known and key != image)
    return Sample(sample[image], {_name(key): sample[key] for key in known}, left)


def _image_key(sample: dict[Any, Any]) -> Any:
    """The key of the image: a usual name, or else the first key of an image-like value that is no label."""
    for key in IMAGE_KEYS:
        if key in sample and _is_image(sample[key]):
            return key
    for key, value in sample.items():
        if key not in CLASS_KEYS and key not in FACTORS and _is_image(value):
            return key
    return None


def _name(key: str) -> str:
    """The name under which `unweave.data.convert.beside` knows a label."""
    return key if key in CLASSES or key in FACTORS else "y"


def _value(value: Any, name: str, place: int) -> Any:
    """A label of sample number `place`: text, a number or a vector (K,). ValueError for anything else."""
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


def _columns(beside: dict[str, list[Any]], class_names: list[str]) -> dict[str, Any]:
    """The labels as arrays, {"beside": ..., "class_names": ...}; words become classes in
    alphabetical order.
    """
    found: dict[str, Any] = {}
    for name, values in beside.items():
        words = sorted({value for value in values if isinstance(value, str)})
        if words:
            if not all(isinstance(value, str) for value in values):
                raise ValueError(f"{name} is text in some samples and numbers in others")
            class_names = words
            found[name] = np.array([words.index(value) for value in values])
            continue
        shapes = {value.shape for value in values}
        if len(shapes) > 1:
            raise ValueError(f"{name} has the shapes {sorted(shapes)}; expected one")
        masked = any(map(np.ma.is_masked, values))
        found[name] = np.ma.stack(values) if masked else np.stack(values)
    return {"beside": found, "class_names": class_names}


def _is_image(value: Any) -> bool:
    """Whether a value is a picture, or an array or tensor of rank 1 to 3."""
    return isinstance(value, Image.Image) or (
        hasattr(value, "shape") and len(value.shape) in (1, 2, 3)
    )


def _pixels(image: Any, size: int, colour: Colour, place: int, scale: Scale | None) -> NDArray[Any]:
    """The image of sample number `place` as an array; pictures as uint8 (C, size, size)."""
    if not isinstance(image, Image.Image):
        return np.asanyarray(plain(image))
    if colour_of(image) != colour:
        raise ValueError(
            f"sample {place} is {colour_of(image)}, the first one {colour}; convert them to one mode"
        )
    if deep(image) != (scale is not None):
        raise ValueError(
            f"sample {place} has the mode {image.mode}, not as deep as the first one; convert them to one"
        )
    return fitted(image, size, colour, scale=scale)


def _scale(samples: Any) -> Scale:
    """Black and white of all pictures, of more than 8 bits; each is decoded once more for that."""
    low = np.inf
    high = -np.inf
    floats = set()
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
        raise ValueError(
            "some samples are pictures of floats and some of whole numbers; convert them to one mode"
        )
    return scale_between(floats == {True}, low, high, "the data set")


def _class_names(samples: Any) -> list[str]:
    """The names that Hugging Face (`features`) or torchvision (`classes`) give, if they do."""
    features = getattr(samples, "features", None) or {}
    for key in CLASS_KEYS:
        names = getattr(features[key], "names", None) if key in features else None
        if names:
            return list(names)
    return list(getattr(samples, "classes", None) or [])
