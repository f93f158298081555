"""Checks of published factor sets: labels of a complete grid in order, sizes of images, files."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unweave.data.factors import FactorSpace


def space_of(
    labels: NDArray[np.generic], names: Sequence[str], categories: Collection[str] = ()
) -> FactorSpace:
    """The grid whose rows, in order, have these labels (N, K).

    ValueError if it is not complete or not in order.

    The values of a factor are its different labels in ascending order, so any number of values is
    accepted. Factors in `categories` are categorical, all others ordered.
    """
    fits = labels.ndim == 2 and labels.shape[1] == len(names) and len(labels) > 0
    if not fits or labels.dtype.kind not in "iuf":
        raise ValueError(
            f"its labels are {labels.dtype} {labels.shape}; expected numbers (N, {len(names)})"
        )
    if not np.isfinite(labels).all():
        raise ValueError("its labels hold NaN or infinity")
    # of each factor: its values in order, and the index (N,) of each label among them
    coded = [np.unique(column, return_inverse=True) for column in labels.T]
    sizes = [len(values) for values, _ in coded]
    if math.prod(sizes) != len(labels):
        raise ValueError(
            f"its {len(labels)} labels are not a grid of {sizes} values of {', '.join(names)}"
        )
    kinds = ["categorical" if name in categories else "ordered" for name in names]
    space = FactorSpace(names, sizes, [values for values, _ in coded], kinds)
    indices = np.stack([index.reshape(-1) for _, index in coded], axis=1)  # (N, K)
    if not np.array_equal(indices, space.factors_at(np.arange(len(space)))):
        raise ValueError(f"its labels are not in the order of the grid of {', '.join(names)}")
    return space


def scaled(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Images (n, H, W) or (n, H, W, 3) as (n, C, size, size), by Lanczos' filter if needed."""
    if images.shape[1:3] != (size, size):
        images = np.stack([_resized(image, size) for image in images])
    if images.ndim == 3:
        return images[:, None]
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _resized(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """An image (H, W) or (H, W, 3) with `size` pixels a side, by Lanczos' filter."""
    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))


def below(root: Path, pattern: str) -> Iterator[Path]:
    """The files of this pattern below `root`, sorted by path, without links that lead out of it."""
    home = root.resolve()
    found = [file for file in root.rglob(pattern) if file.is_file()]
    yield from sorted(file for file in found if file.resolve().is_relative_to(home))
