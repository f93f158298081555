"""Is it the complete grid, in order? What every reader of a published factor set asks of its labels and its size."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unweave.data.factors import FactorSpace


def space_of(labels: NDArray[np.generic], names: Sequence[str], categories: Collection[str] = ()) -> FactorSpace:
    """The grid whose rows, in order, carry these labels (N, K). ValueError if it is not complete or not in order.

    The values of a factor are its different labels in ascending order, so any number of values is accepted. Factors named
    as `categories` are categorical, all others ordered.
    """
    if labels.ndim != 2 or labels.shape[1] != len(names) or not len(labels) or labels.dtype.kind not in "iuf":
        raise ValueError(f"its labels are {labels.dtype} {labels.shape}; expected numbers (N, {len(names)})")
    if not np.isfinite(labels).all():
        raise ValueError("its labels hold NaN or infinity")
    coded = [np.unique(column, return_inverse=True) for column in labels.T]
    sizes = [len(values) for values, _ in coded]
    if math.prod(sizes) != len(labels):
        raise ValueError(f"its {len(labels)} labels are not a grid of {sizes} values of {', '.join(names)}")
    kinds = ["categorical" if name in categories else "ordered" for name in names]
    space = FactorSpace(names, sizes, [values for values, _ in coded], kinds)
    if not np.array_equal(
        np.stack([index.reshape(-1) for _, index in coded], axis=1), space.factors_at(np.arange(len(space)))
    ):
        raise ValueError(f"its labels are not in the order of the grid of {', '.join(names)}")
    return space


def scaled(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Images (n, H, W) or (n, H, W, 3) as (n, C, size, size), by Lanczos' filter if they have another size."""
    if images.shape[1:3] != (size, size):
        pictures = (Image.fromarray(np.ascontiguousarray(i)) for i in images)
        images = np.stack([np.asarray(p.resize((size, size), Image.Resampling.LANCZOS)) for p in pictures])
    return images[:, None] if images.ndim == 3 else np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def below(root: Path, pattern: str) -> Iterator[Path]:
    """The files of this pattern below `root` whose real place is below it too, sorted by path."""
    home = root.resolve()
    yield from sorted(f for f in root.rglob(pattern) if f.is_file() and f.resolve().is_relative_to(home))
