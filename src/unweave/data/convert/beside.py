"""Classes and factors in arrays beside the images, recognised by their names, shapes and values.

| numbers | read as |
|---|---|
| whole (N,) or (N, 1), of a name for classes | classes; their ranks where far larger than rows |
| one-hot (N, C), of a name for classes | classes |
| other (N,) or (N, 1) | one factor; NaN and masked values are missing |
| other (N, K) | K factors |

Another shape or another number of rows is refused, and never dropped silently.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.tables.large import exact

log = logging.getLogger(__name__)
CLASSES = ("y", "labels", "label", "targets", "classes", "y_train")
FACTORS = ("factors", "latents_classes", "latents", "v")
MANY = 256  # values of an index, where there are fewer rows


@dataclass(frozen=True)
class Known:
    """Labels of N rows: classes y (N,) with names, () for numbers; factors (N, K), NaN if missing.

    about: which arrays they are from, in a line.
    """

    y: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    factors: NDArray[np.float64] | None = None
    about: str = ""


def known(given: dict[str, Any], rows: int, frames: int = 1) -> Known:
    """The classes and factors in named arrays, for `rows` images, or clips of `frames` frames each.

    ValueError if one is of another shape, or two contain factors; of two that contain classes the
    first one is used.
    """
    y: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    factors: NDArray[np.float64] | None = None
    source: dict[str, str] = {}
    for name, array in given.items():
        column = _checked(name, array, rows, frames)
        classes = None
        if name in CLASSES:
            classes = _classes(column)
        if classes is None and factors is not None:
            raise ValueError(f"{source['factors']} and {name} both hold factors; keep one of them")
        if classes is None:
            factors = numbers(column)
            source["factors"] = name
        elif y is None:
            y, names = _dense(classes)
            source["classes"] = name
        else:
            log.warning(
                "%s holds classes too, and is left out: those of %s count", name, source["classes"]
            )
    about = "".join(f", {what} from {name}" for what, name in source.items())
    return Known(y, names, factors, about)


def numbers(array: Any) -> NDArray[np.float64]:
    """Labels (N,) or (N, K) as floats that differ where labels do, see `exact`; NaN if masked."""
    found = exact(np.ma.getdata(array)).astype(np.float64)
    found[np.ma.getmaskarray(array)] = np.nan
    return found


def sizes(factors: NDArray[np.float64]) -> tuple[int, ...]:
    """Number of values of each factor (N, K); 0 for a measurement, and for too many values."""
    most = max(MANY, len(factors))
    return tuple(_size(column[~np.isnan(column)], most) for column in factors.T)


def _size(values: NDArray[np.float64], most: int) -> int:
    """Number of values of a factor whose labels are indices from 0, below `most`; 0 for others."""
    if not len(values) or not np.array_equal(values, np.rint(values)):
        return 0
    if values.min() < 0 or values.max() >= most:
        return 0
    return int(values.max()) + 1


def _checked(name: str, array: Any, rows: int, frames: int) -> Any:
    """The array as (N, K), a row for each image, those of a clip repeated for its frames."""
    if array.dtype.kind not in "uifb":
        raise ValueError(f"{name} holds {array.dtype}; expected numbers")
    clips = rows // frames
    # (clips, frames) or (clips, frames, K) -> (N, 1) or (N, K); (clips, K) of factors stays
    if frames > 1 and array.shape[:2] == (clips, frames) and (name in CLASSES or array.ndim == 3):
        array = array.reshape(rows, -1)
    if array.ndim not in (1, 2) or 0 in array.shape or len(array) not in (rows, clips):
        expected = f"one row for each of {rows:,} images"
        if frames > 1:
            expected += f" or {clips:,} clips"
        raise ValueError(f"{name} has shape {array.shape}; expected {expected}, (N,) or (N, K)")
    if len(array) < rows:
        array = array.repeat(frames, axis=0)
    if array.dtype.kind == "f" and np.isinf(array).any():
        first = np.argwhere(np.isinf(array))[0][0]
        raise ValueError(f"{name} holds infinity, first in row {first}; NaN is unknown")
    return array.reshape(rows, -1)


def _classes(column: Any) -> NDArray[np.int64] | None:
    """Classes (N,) from whole numbers (N, 1) or one-hot rows (N, C); None if they are neither."""
    if np.ma.is_masked(column) or not np.array_equal(column, np.rint(column)):
        return None
    plain = np.ma.getdata(column)
    if plain.shape[1] == 1:
        return plain[:, 0].astype(np.int64)
    if ((plain == 0) | (plain == 1)).all() and (plain.sum(1) == 1).all():
        return plain.argmax(1)
    return None


def _dense(y: NDArray[np.int64]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """(y, names): classes without names; or ranks, named by the numbers, if they are large."""
    if y.max() < max(MANY, len(y)):
        return y, ()
    values, ranks = np.unique(y, return_inverse=True)  # (C,), (N,)
    return ranks.astype(np.int64), tuple(map(str, values.tolist()))
