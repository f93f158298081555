"""Data sets that give their samples one by one, as those of torch and of Hugging Face, read once into an array.

Known by what they can do (a length, an index), not by their type, so that neither library has to be installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unweave.data.photo import Colour, colour_of, deep, extremes, fitted
from unweave.data.scale import Scale, scale_between

CLASS_KEYS = ("label", "labels", "y", "target", "class", "fine_label")


def collect(samples: Any, size: int) -> dict[str, Any]:
    """{"images": (N, ...), "y": (N,), "class_names": [...]} of N samples; the last two if they have classes.

    Pictures are resized and centre-cropped to `size`; arrays and tensors have to be of one shape. ValueError if a
    sample holds no image, or samples differ in shape or in whether they are grey.
    """
    if not len(samples):
        raise ValueError("the data set is empty")
    first_image, first_class = _parts(samples[0])
    colour = colour_of(first_image) if isinstance(first_image, Image.Image) else "grey"
    scale = _scale(samples) if isinstance(first_image, Image.Image) and deep(first_image) else None
    images, classes = [], []
    for i in range(len(samples)):
        image, label = _parts(samples[i])
        images.append(_pixels(image, size, colour, i, scale))
        classes.append(label)
        if images[-1].dtype != images[0].dtype:
            raise ValueError(f"sample {i} holds {images[-1].dtype}, the first one {images[0].dtype}: give all one type")
        if images[-1].shape != images[0].shape:
            raise ValueError(f"sample {i} has shape {images[-1].shape}; the first one has {images[0].shape}")
    found: dict[str, Any] = {"images": np.ma.stack(images) if any(map(np.ma.is_masked, images)) else np.stack(images)}
    if scale is not None:
        found["scale"] = scale
    if first_class is not None:
        if None in classes:
            raise ValueError(f"sample {classes.index(None)} has no class, but the first one has")
        found["y"] = np.array(classes, dtype=np.int64)
        found["class_names"] = _class_names(samples)
    return found


def _parts(sample: Any) -> tuple[Any, int | None]:
    """(image, class or None) of a sample: an image, (image, class, ...), or a dict of them."""
    if isinstance(sample, dict):
        image = next((v for v in sample.values() if _is_image(v)), None)
        label = next((sample[k] for k in CLASS_KEYS if k in sample), None)
    elif isinstance(sample, (tuple, list)) and sample and _is_image(sample[0]):
        image, label = sample[0], sample[1] if len(sample) > 1 else None
    else:
        image, label = (sample, None) if _is_image(sample) else (None, None)
    if image is None:
        keys = f" with {', '.join(map(str, sample))}" if isinstance(sample, dict) else ""
        raise ValueError(f"a sample is a {type(sample).__name__}{keys}; expected an image, or a tuple or dict with one")
    scalar = label is not None and np.ndim(label) == 0 and not isinstance(label, str) and int(label) == label
    return image, int(label) if scalar and label is not None else None


def _is_image(value: Any) -> bool:
    return isinstance(value, Image.Image) or (hasattr(value, "shape") and len(value.shape) in (1, 2, 3))


def _pixels(image: Any, size: int, colour: Colour, place: int, scale: Scale | None) -> NDArray[Any]:
    if not isinstance(image, Image.Image):
        return np.asanyarray(image)
    if colour_of(image) != colour:
        raise ValueError(f"sample {place} is {colour_of(image)}, the first one {colour}; convert them to one mode")
    if deep(image) != (scale is not None):
        raise ValueError(f"sample {place} has the mode {image.mode}, not as deep as the first one; convert them to one")
    return fitted(image, size, colour, scale=scale)


def _scale(samples: Any) -> Scale:
    """The black and white of all pictures, of more than 8 bits; each is decoded once more for that."""
    low, high, floats = np.inf, -np.inf, set()
    for i in range(len(samples)):
        image = _parts(samples[i])[0]
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
