"""SmallNORB: photographs of 50 toys in 5 categories, 9 heights, 18 sides, 6 lights, 96x96 grey.

Y. LeCun, F. Huang, L. Bottou (2004), "Learning methods for generic object recognition".
Little-endian: a magic number for the type, the rank, at least 3 sizes, the values. Both parts of
24,300 pairs together make one grid.

**Departures** from disentanglement_lib: the toy's number within its category is a factor
(the last), not drawn at random, so that an image is a function of its factors; bytes are read as
unsigned and clipped after resampling.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.convert.grid import scaled
from unweave.data.factors import FactorSpace, Rows
from unweave.data.files.exact import exactly
from unweave.data.files.gzipped import unpacked
from unweave.data.files.mapped import mapped
from unweave.data.images import FactorImages
from unweave.data.sources.files import wanted
from unweave.settings import Setting

PARTS = ("5x46789x9x18x6x2x96x96-training", "5x01235x9x18x6x2x96x96-testing")
MAGIC: dict[int, np.dtype[Any]] = {0x1E3D4C55: np.dtype("u1"), 0x1E3D4C54: np.dtype("<i4")}
NAMES = ("category", "elevation", "azimuth", "lighting", "instance")
KINDS = ("categorical", "ordered", "ordered", "categorical", "categorical")
CATEGORIES = ("animal", "human", "airplane", "truck", "car")
LARGEST = 1 << 30  # bytes


def smallnorb(
    root: str | Path | None = None, *, size: Annotated[int, Setting("pixels a side", low=1)] = 64
) -> FactorImages:
    """The left camera's images of category 5, elevation 9, azimuth 18, lighting 6, instance 10.

    From the six -dat, -cat and -info files of both parts, gzipped or not, in the folder of the
    first one found.
    """
    folder = wanted("smallnorb", root).parent
    labels = np.concatenate([_labels(folder, part) for part in PARTS])
    space, place = _grid(labels, folder)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        pairs = [read_norb(_file(folder, part, "dat")) for part in PARTS]
        fits = all(p.ndim == 4 and p.shape[1] == 2 and p.dtype == np.uint8 for p in pairs)
        if not fits or sum(map(len, pairs)) != len(space):
            found = " and ".join(f"{p.dtype} {p.shape}" for p in pairs)
            raise ValueError(
                f"{_named(folder, 'dat')} hold {found}; expected {len(space)} of uint8 (N, 2, H, W)"
            )
        # the left image of each pair, in the order of the grid: (N, 1, size, size)
        left = np.concatenate([scaled(pair[:, 0], size) for pair in pairs])
        yield left[np.argsort(place)]

    files = [_file(folder, part, kind) for part in PARTS for kind in ("cat", "info", "dat")]
    shape = (len(space), 1, size, size)
    array, about = mapped(folder, shape, chunks, made_of=files, variant=f".smallnorb.{size}")
    return FactorImages(space, array, name="smallnorb", about=about, binary=False)


def _grid(labels: NDArray[np.int64], folder: Path) -> tuple[FactorSpace, NDArray[np.int64]]:
    """The grid of these labels (N, 5), and the row of each in the grid (N,)."""
    values = [np.unique(column) for column in labels.T]  # of each factor, in rising order
    if math.prod(map(len, values)) == len(labels):
        meanings: list[Rows] = [[CATEGORIES[c] for c in values[0]], *values[1:]]
        space = FactorSpace(NAMES, [len(v) for v in values], meanings, KINDS)
        indices = [np.searchsorted(v, column) for v, column in zip(values, labels.T, strict=True)]
        place = space.rows(np.stack(indices, axis=1))
        if len(np.unique(place)) == len(space):
            return space, place
    raise ValueError(
        f"{_named(folder, 'cat', 'info')} are not those of a complete grid of {', '.join(NAMES)}"
    )


def _named(folder: Path, *kinds: str) -> str:
    """The files of these kinds, for an error that may come from any of them."""
    names = [_file(folder, part, kind).name for part in PARTS for kind in kinds]
    return f"{', '.join(names)} in {folder}"


def _file(folder: Path, part: str, kind: str) -> Path:
    """Path of a file of one part and kind, gzipped or not. FileNotFoundError if there is none."""
    plain = folder / f"smallnorb-{part}-{kind}.mat"
    for file in (plain, plain.with_name(f"{plain.name}.gz")):
        if file.is_file():
            return file
    raise FileNotFoundError(f"smallnorb needs the file {plain} (or with .gz)")


def _labels(folder: Path, part: str) -> NDArray[np.int64]:
    """Category, elevation, azimuth (0 to 17), lighting, instance of each pair of a part (N, 5)."""
    paths = [_file(folder, part, kind) for kind in ("cat", "info")]
    category, info = map(read_norb, paths)
    files = f"see {paths[0]} and {paths[1].name}"
    if category.ndim != 1 or info.shape != (len(category), 4):
        raise ValueError(
            "smallnorb's files do not fit together: "
            f"cat {category.shape}, info {info.shape}; {files}"
        )
    if category.min() < 0 or category.max() >= len(CATEGORIES):
        raise ValueError(
            f"the categories are from {category.min()} to {category.max()}; "
            f"expected 0 to 4; {files}"
        )
    instance, elevation, azimuth, light = info.T
    return np.stack([category, elevation, azimuth // 2, light, instance], axis=1).astype(np.int64)


def read_norb(path: Path) -> NDArray[Any]:
    """The array in a file of this format, gzipped or not.

    ValueError, with the file's name, if it is damaged.
    """
    file = unpacked(path)
    try:
        with file as stream:
            # little-endian: the number of the type, the rank, and at least three sizes
            magic, rank = np.frombuffer(stream.read(8), "<i4").tolist()
            if magic not in MAGIC or not 1 <= rank <= 4:
                raise ValueError(f"it begins with {magic:#x} and rank {rank}")
            sizes = np.frombuffer(stream.read(4 * max(rank, 3)), "<i4").tolist()[:rank]
            size = math.prod(sizes) * MAGIC[magic].itemsize
            if min(sizes) < 1 or size > LARGEST:
                raise ValueError(f"its header says {sizes}")
            return np.frombuffer(exactly(stream, size), MAGIC[magic]).reshape(sizes)
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise ValueError(f"{path} is damaged or not a file of SmallNORB: {error}") from error
