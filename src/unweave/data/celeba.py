"""CelebA: 202,599 photographs of faces with 40 yes-or-no attributes.

Z. Liu et al. (2015), "Deep learning face attributes in the wild"; the aligned and cropped images of 178x218.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.images import ImageData
from unweave.data.mapped import mapped
from unweave.data.photo import BROKEN, fitted, opened
from unweave.data.sources import check, wanted
from unweave.data.views import subset
from unweave.settings import Setting

Part = Literal["all", "train", "valid", "test"]
CHUNK = 512


def celeba(
    root: str | Path | None = None,
    *,
    size: Annotated[int, Setting("pixels a side", low=1)] = 64,
    crop: Annotated[int, Setting("side of the square kept from the middle of the photograph, pixels", low=1)] = 148,
    part: Annotated[Part, Setting("all, or a part of the published partition")] = "all",
) -> ImageData:
    """Faces with 40 attributes of 2 values: list_attr_celeba.txt and, below its folder, the .jpg files it names.

    identity_CelebA.txt, if it is there, says which images show the same person; list_eval_partition.txt the parts.
    """
    table = wanted("celeba", root)
    files, names, v = _attributes(table)
    paths = {f.name: f for f in table.parent.rglob("*.jpg")}
    if missing := [f for f in files if f not in paths]:
        raise FileNotFoundError(f"{len(missing):,} images that {table} names are not below it, first {missing[0]}")

    def chunks() -> Iterator[NDArray[np.uint8]]:
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(files), CHUNK):
                some = files[start : start + CHUNK]
                yield np.stack(list(pool.map(lambda f: _face(paths[f], crop, size), some)))

    images, about = mapped(table, (len(files), 3, size, size), chunks, variant=f".{crop}.{size}")
    people = _column(table.with_name("identity_CelebA.txt"), files)
    parts = _column(table.with_name("list_eval_partition.txt"), files)
    data = ImageData(
        images, labels=v, factor_names=names, factor_sizes=(2,) * len(names), groups=people, name="celeba",
        about=about, binary=False,
    )  # fmt: skip
    if part == "all":
        return data
    if parts is None:
        raise FileNotFoundError(f"part={part!r} needs the file list_eval_partition.txt in {table.parent}")
    rows = np.flatnonzero(parts == ("train", "valid", "test").index(part))
    view = subset(data, rows, f"part {part}; {about}")
    assert isinstance(view, ImageData)
    return view


def _attributes(table: Path) -> tuple[list[str], tuple[str, ...], NDArray[np.float32]]:
    """File names, names of the attributes, and 0 or 1 of each (N, K)."""
    check("celeba", table)
    try:
        count, header, *lines = table.read_text("ascii").splitlines()
        cells = [line.split() for line in lines if line.strip()]
        names = tuple(header.split())
        values = np.array([row[1:] for row in cells], dtype=np.int64)
        if int(count) != len(cells) or values.shape != (len(cells), len(names)) or not np.isin(values, (-1, 1)).all():
            raise ValueError(f"{values.shape} values; expected -1 or 1 for {count} images and {len(names)} attributes")
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{table} is not CelebA's table of attributes: {error}") from error
    files = [row[0] for row in cells]
    if any("/" in f or "\\" in f for f in files) or len(set(files)) < len(files):
        raise ValueError(f"{table} names folders, or a file twice; expected names such as 000001.jpg")
    return files, names, (values > 0).astype(np.float32)


def _column(table: Path, files: list[str]) -> NDArray[np.int64] | None:
    """The number beside each file in a table `FILE NUMBER`; None if there is no such table."""
    if not table.is_file():
        return None
    check("celeba", table)
    try:
        numbers = {line.split()[0]: int(line.split()[1]) for line in table.read_text("ascii").splitlines() if line}
        return np.array([numbers[file] for file in files], dtype=np.int64)
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise ValueError(f"{table} is damaged: {error}") from error


def _face(path: Path, crop: int, size: int) -> NDArray[np.uint8]:
    with opened(path) as image:
        try:
            left, top = (image.width - crop) // 2, (image.height - crop) // 2
            return fitted(image.crop((left, top, left + crop, top + crop)), size, "rgb")
        except BROKEN as error:
            raise ValueError(f"{path} is damaged: {error}") from error
