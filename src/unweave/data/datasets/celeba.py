"""CelebA: 202,599 photographs of faces with 40 yes-or-no attributes.

Z. Liu et al. (2015), "Deep learning face attributes in the wild"; the aligned and cropped images of
178x218.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from unweave.data.base import Dataset
from unweave.data.files.mapped import mapped
from unweave.data.files.photo import BROKEN, fitted, opened
from unweave.data.files.state import pictures
from unweave.data.images import ImageData
from unweave.data.sources.files import check, wanted
from unweave.data.subsets import subset
from unweave.settings import Setting

Part = Literal["all", "train", "valid", "test"]
TOGETHER = 20_000  # lines of the table
CHUNK = 512


def celeba(
    root: str | Path | None = None,
    *,
    size: Annotated[int, Setting("pixels a side", low=1)] = 64,
    crop: Annotated[
        int, Setting("side of the square kept from the middle of the photograph, pixels", low=1)
    ] = 148,
    part: Annotated[Part, Setting("all, or a part of the published partition")] = "all",
) -> Dataset:
    """Faces with 40 attributes of 2 values: list_attr_celeba.txt, and the .jpg files it lists.

    identity_CelebA.txt, if present, gives the person in each image; list_eval_partition.txt the
    parts.
    """
    table = wanted("celeba", root)
    files, names, v = _attributes(table)

    def chunks() -> Iterator[NDArray[np.uint8]]:
        paths = {path.name: path for path in table.parent.rglob("*.jpg")}
        missing = [file for file in files if file not in paths]
        if missing:
            raise ValueError(
                f"{len(missing):,} images that {table} names are not below it, first {missing[0]}"
            )
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(files), CHUNK):
                some = [paths[file] for file in files[start : start + CHUNK]]
                yield np.stack(list(pool.map(lambda path: _face(path, crop, size), some)))

    made_of = [table, *pictures(table.parent, ".jpg")]
    images, about = mapped(
        table, (len(files), 3, size, size), chunks, made_of=made_of, variant=f".{crop}.{size}"
    )
    people = _column(table.with_name("identity_CelebA.txt"), files)
    parts = _column(table.with_name("list_eval_partition.txt"), files)
    data = ImageData(
        images,
        labels=v,
        factor_names=names,
        factor_sizes=(2,) * len(names),
        factor_kinds=("categorical",) * len(names),
        groups=people,
        name="celeba",
        about=about,
        binary=False,
    )
    if part == "all":
        return data
    if parts is None:
        raise FileNotFoundError(
            f"part={part!r} needs the file list_eval_partition.txt in {table.parent}"
        )
    rows = np.flatnonzero(parts == ("train", "valid", "test").index(part))
    return subset(data, rows, f"part {part}; {about}")


def _attributes(table: Path) -> tuple[list[str], tuple[str, ...], NDArray[np.float32]]:
    """File names, names of the attributes, and 0 or 1 of each (N, K)."""
    check("celeba", table)
    try:
        count, header, *lines = table.read_text("ascii").rstrip().split("\n")
        names = tuple(header.split())
        rows = [line.partition(" ") for line in lines]
        if int(count) != len(rows) or not names:
            raise ValueError(
                f"{len(rows)} lines of values; expected {count} and {len(names)} attributes"
            )
        parts = [rows[i : i + TOGETHER] for i in range(0, len(rows), TOGETHER)]
        signs = [_signs([values for *_, values in part], len(names)) for part in parts]
        values = np.concatenate(signs)  # (N, K)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{table} is not CelebA's table of attributes: {error}") from error
    files = [row[0] for row in rows]
    if {"/", "\\"} & set("".join(files)) or len(set(files)) < len(files):
        raise ValueError(
            f"{table} names folders, or a file twice; expected names such as 000001.jpg"
        )
    return files, names, values


def _signs(lines: list[str], columns: int) -> NDArray[np.float32]:
    """Which words are 1 (n, columns), of words 1 and -1.

    There are 8 million, so they are parsed as an array of bytes.
    """
    # all bytes, a line break before each line and at the end
    joined = "\n".join(lines)
    text = np.frombuffer(f"\n{joined}\n ".encode(), np.uint8)
    space = text <= ord(" ")
    ends = np.flatnonzero(text == ord("\n"))
    # (n * columns,): where each word starts, and whether it is "1" or "-1"
    starts = np.flatnonzero(space[:-1] & ~space[1:]) + 1
    minus = text[starts] == ord("-")
    good = (text[starts + minus] == ord("1")) & space[starts + minus + 1]
    if len(starts) != len(lines) * columns or not good.all():
        raise ValueError(f"its values are not -1 or 1 of {columns} attributes in each line")
    # the first and the last word of each line have to be between its ends
    grid = starts.reshape(-1, columns)  # (n, columns)
    if (grid[:, 0] < ends[:-1]).any() or (grid[:, -1] > ends[1:]).any():
        raise ValueError(f"it has lines of more than {columns} values")
    return (~minus).reshape(-1, columns).astype(np.float32)


def _column(table: Path, files: list[str]) -> NDArray[np.int64] | None:
    """The number beside each file in a table `FILE NUMBER`; None if there is no such table."""
    if not table.is_file():
        return None
    check("celeba", table)
    try:
        words = table.read_text("ascii").split()
        named = words[::2]
        numbers = words[1::2]
        if len(named) != len(numbers):
            raise ValueError("its last line has no number")
        if named != files:  # in another order, or of more files
            of = dict(zip(named, numbers, strict=True))
            numbers = [of[file] for file in files]
        return np.array(numbers).astype(np.int64)
    except (ValueError, KeyError, OverflowError) as error:
        raise ValueError(f"{table} is damaged: {error}") from error


def _face(path: Path, crop: int, size: int) -> NDArray[np.uint8]:
    """The middle of a photograph, `crop` pixels a side, as uint8 (3, size, size)."""
    with opened(path) as image:
        try:
            left = (image.width - crop) // 2
            top = (image.height - crop) // 2
            return fitted(image.crop((left, top, left + crop, top + crop)), size, "rgb")
        except BROKEN as error:
            raise ValueError(f"{path} is damaged: {error}") from error
