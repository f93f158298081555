"""What is given beside images, under the names that people use: classes or factors, as their shape and values tell.

| numbers | read as |
|---|---|
| whole (N,) or (N, 1), of a name for classes | classes; numbered anew, in their order, where they are far more than rows |
| one-hot (N, C), of a name for classes | classes |
| other (N,) or (N, 1) | one factor; NaN and masked values are missing |
| other (N, K) | K factors |

Nothing is dropped in silence: another shape or another number of rows is refused.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.tables.table import exact

log = logging.getLogger(__name__)
CLASSES = ("y", "labels", "label", "targets", "classes", "y_train")
FACTORS = ("factors", "latents_classes", "latents", "v")
MANY = 256  # values of an index, where there are fewer rows


@dataclass(frozen=True)
class Known:
    """What is known of N rows: classes y (N,) with their names, () if they are the numbers; factors (N, K), NaN if missing.

    about: where they are from, in a line.
    """

    y: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    factors: NDArray[np.float64] | None = None
    about: str = ""


def known(given: dict[str, Any], rows: int, frames: int = 1) -> Known:
    """What named arrays say of `rows` images, or of clips of so many frames each, whose frames are the rows.

    ValueError if one is of another shape, or two hold factors; of two that hold classes the first one named counts.
    """
    y: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    factors: NDArray[np.float64] | None = None
    said: dict[str, str] = {}
    for name, array in given.items():
        column = _checked(name, array, rows, frames)
        classes = _classes(column) if name in CLASSES else None
        if classes is None and factors is not None:
            raise ValueError(f"{said['factors']} and {name} both hold factors; keep one of them")
        if classes is None:
            factors = numbers(column)
            said["factors"] = name
        elif y is None:
            y, names = _dense(classes)
            said["classes"] = name
        else:
            log.warning("%s holds classes too, and is left out: those of %s count", name, said["classes"])
    return Known(y, names, factors, "".join(f", {what} from {name}" for what, name in said.items()))


def numbers(array: Any) -> NDArray[np.float64]:
    """Labels (N,) or (N, K) as floats that stay apart (see `exact`), NaN where a value is masked."""
    found = exact(np.ma.getdata(array)).astype(np.float64)
    found[np.ma.getmaskarray(array)] = np.nan
    return found


def sizes(factors: NDArray[np.float64]) -> tuple[int, ...]:
    """How many values each factor (N, K) takes, 0 where they are not indices from 0, or too many for the rows."""
    return tuple(_size(column[~np.isnan(column)], max(MANY, len(column))) for column in factors.T)


def _size(values: NDArray[np.float64], most: int) -> int:
    if not len(values) or not np.array_equal(values, np.rint(values)) or values.min() < 0 or values.max() >= most:
        return 0
    return int(values.max()) + 1


def _checked(name: str, array: Any, rows: int, frames: int) -> Any:
    """The array as (N, K), a row for each image, those of a clip repeated for its frames."""
    if array.dtype.kind not in "uifb":
        raise ValueError(f"{name} holds {array.dtype}; expected numbers")
    if frames > 1 and array.shape[:2] == (rows // frames, frames) and (name in CLASSES or array.ndim == 3):
        array = array.reshape(rows, -1)
    if array.ndim not in (1, 2) or 0 in array.shape or len(array) not in (rows, rows // frames):
        expected = f"one row for each of {rows:,} images" + (f" or {rows // frames:,} clips" if frames > 1 else "")
        raise ValueError(f"{name} has shape {array.shape}; expected {expected}, (N,) or (N, K)")
    if len(array) < rows:
        array = array.repeat(frames, axis=0)
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise ValueError(f"{name} holds infinity, first in row {np.argwhere(np.isinf(array))[0][0]}; NaN is unknown")
    return array.reshape(rows, -1)


def _classes(column: Any) -> NDArray[np.int64] | None:
    """Whole numbers (N, 1), or the places of the ones in one-hot rows (N, C); None if they are neither."""
    if np.ma.is_masked(column) or not np.array_equal(column, np.rint(column)):
        return None
    plain = np.ma.getdata(column)
    if plain.shape[1] == 1:
        return plain[:, 0].astype(np.int64)
    one_hot = ((plain == 0) | (plain == 1)).all() and (plain.sum(1) == 1).all()
    return plain.argmax(1) if one_hot else None


def _dense(y: NDArray[np.int64]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Classes with no names of their own; or, where their numbers are far more than the rows, ranks named by them."""
    if y.max() < max(MANY, len(y)):
        return y, ()
    values, ranks = np.unique(y, return_inverse=True)
    return ranks.astype(np.int64), tuple(map(str, values.tolist()))
