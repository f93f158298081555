"""Data sets of samples, as those of torch and of Hugging Face, read once into an array.

They are recognised by a length and an index, not by their type, so that neither library has to be
installed.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unweave.data.convert.sample import CLASS_KEYS, Sample, label_of, parts_of
from unweave.data.convert.scale import Scale, scale_between
from unweave.data.files.photo import Colour, colour_of, deep, extremes, fitted
from unweave.tensors import plain

log = logging.getLogger(__name__)


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
    first = parts_of(samples[0])
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
        sample = parts_of(samples[i])
        images.append(_pixels(sample.image, size, colour, i, scale))
        _alike(i, images[-1], images[0], sample, first)
        for name, value in sample.beside.items():
            beside[name].append(label_of(value, name, i))
    found = _columns(beside, _class_names(samples))
    found["images"] = _stacked(images)  # (N, ...)
    if scale is not None:
        found["scale"] = scale
    return found


def _alike(
    place: int, image: NDArray[Any], one: NDArray[Any], sample: Sample, first: Sample
) -> None:
    """ValueError if a sample has other labels than the first, or another shape or type."""
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


def _columns(beside: dict[str, list[Any]], class_names: list[str]) -> dict[str, Any]:
    """The labels as arrays, {"beside": ..., "class_names": ...}.

    Words become classes in alphabetical order.
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
        found[name] = _stacked(values)  # (N,) or (N, K)
    return {"beside": found, "class_names": class_names}


def _stacked(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    """Arrays of one shape as (N, ...), with a mask if any entry is masked."""
    if any(map(np.ma.is_masked, arrays)):
        return np.ma.stack(arrays)
    return np.stack(arrays)


def _pixels(image: Any, size: int, colour: Colour, place: int, scale: Scale | None) -> NDArray[Any]:
    """The image of sample number `place` as an array; pictures as uint8 (C, size, size)."""
    if not isinstance(image, Image.Image):
        return np.asanyarray(plain(image))
    if colour_of(image) != colour:
        raise ValueError(
            f"sample {place} is {colour_of(image)}, the first one {colour}; "
            "convert them to one mode"
        )
    if deep(image) != (scale is not None):
        raise ValueError(
            f"sample {place} has the mode {image.mode}, not as deep as the first one; "
            "convert them to one"
        )
    return fitted(image, size, colour, scale=scale)


def _scale(samples: Any) -> Scale:
    """Black and white of all pictures, of more than 8 bits; each is decoded once more for that."""
    low = np.inf
    high = -np.inf
    floats = set()
    for i in range(len(samples)):
        image = parts_of(samples[i]).image
        if not isinstance(image, Image.Image) or not deep(image):
            raise ValueError(
                f"sample {i} is no picture of more than 8 bits, but the first one is; "
                "convert them to one mode"
            )
        least, greatest = extremes(image)
        low = min(low, least)
        high = max(high, greatest)
        floats.add(image.mode == "F")
    if len(floats) > 1:
        raise ValueError(
            "some samples are pictures of floats and some of whole numbers; "
            "convert them to one mode"
        )
    return scale_between(floats == {True}, low, high, "the data set")


def _class_names(samples: Any) -> list[str]:
    """The names that Hugging Face (`features`) or torchvision (`classes`) give, if they do."""
    features = getattr(samples, "features", None) or {}
    for key in CLASS_KEYS:
        if key in features and getattr(features[key], "names", None):
            return list(features[key].names)
    return list(getattr(samples, "classes", None) or [])
