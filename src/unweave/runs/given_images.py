"""Images that are given to a run, read as those that it was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.new_images import unit
from unweave.data.convert.scale import refuse_unfinite, unmasked
from unweave.methods.base import NotAvailable
from unweave.runs.config import DataConfig
from unweave.tensors import plain


def array(images: Any) -> NDArray[Any]:
    """What was given as an array; a mask stays, since it has to be seen."""
    return np.asanyarray(plain(images))


def as_trained(images: NDArray[Any], known: DataConfig, *, clips: bool) -> NDArray[np.generic]:
    """The images as (n, *shape), or clips (n, M, *shape).

    Images are bytes, or floats in [0, 1]; vectors are float32.

    known: of the data that the run was trained on. ValueError for other shapes, and values beyond
    its range.
    """
    shape = known.info.shape
    if not clips:
        return _frames(images, known)
    if images.ndim != len(shape) + 2 or images.shape[2:] != shape:
        wanted = ", ".join(map(str, shape))
        raise NotAvailable(
            f"images have shape {images.shape}; this run encodes clips (n, frames, {wanted})"
        )
    return _frames(images.reshape(-1, *shape), known).reshape(images.shape)


def _frames(images: NDArray[Any], known: DataConfig) -> NDArray[np.generic]:
    shape = known.info.shape
    if images.shape[1:] != shape:
        hint = ""
        if images.shape == shape:
            hint = "; it is one image: add an axis in front"
        wanted = ", ".join(map(str, shape))
        raise ValueError(f"images have shape {images.shape}; this run takes (n, {wanted}){hint}")
    if len(shape) == 3:
        return unit(images, white=known.white, binary=known.info.binary, floats=known.floats)
    images = unmasked(images, "the array of vectors")
    if images.dtype.kind not in "uifb":
        raise ValueError(f"the array of vectors holds {images.dtype}; expected numbers")
    refuse_unfinite(images, "the array of vectors")
    return images.astype(np.float32)
