"""Reading codes and factors from files: .npy, .npz, .csv, .parquet."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.files.npy import UNREADABLE, map_npy, member, members
from unweave.data.tables.cells import missing, numeric
from unweave.data.tables.large import exact
from unweave.data.tables.row_index import LEVEL, NAME
from unweave.data.tables.table import read_table

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Numbers:
    """An array (N, columns) from a file, with the names of its columns and the row index of pandas.

    names, index: () where the file has none. Of several indices the last column is taken, which is
    the oldest.
    """

    path: Path
    array: NDArray[Any]
    names: tuple[str, ...] = ()
    index: tuple[int, ...] = ()

    def along(self, other: Numbers) -> NDArray[Any]:
        """The array with its rows in the order of another file, matched by row index.

        Unchanged if one of them has no index. Raises ValueError if the indices are not the same
        set.
        """
        if not self.index or not other.index or self.index == other.index:
            return self.array
        place = {number: i for i, number in enumerate(self.index)}
        unmatched = set(place) ^ set(other.index)
        if unmatched:
            raise ValueError(
                f"the row indices of {self.path} and {other.path} differ: "
                f"one of them has {min(unmatched)} and the other has not; "
                "take the same rows, or save both without an index"
            )
        log.info(
            "%s: its rows are brought into the order of %s by their row indices",
            self.path,
            other.path,
        )
        return self.array[[place[number] for number in other.index]]


def read(path: str | Path, role: str) -> NDArray[Any]:
    """The array (N, columns) in a file, see `opened`."""
    return opened(path, role).array


def opened(path: str | Path, role: str) -> Numbers:
    """The array (N, columns) in a file, with the names of its columns and its row index.

    role: "codes" or "factors": the name of the array in an .npz file of several arrays, and the
    word for it in errors. A missing cell of a .csv or .parquet file is NaN, and a row index of
    pandas is not a column; cells of text make an array of text. Integers beyond 2^53, which floats
    cannot represent exactly, become their ranks.

    Raises ValueError or FileNotFoundError if there is no such table.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path} to read {role} from")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{path}: {role} are read from {', '.join(READERS)} files")
    found = reader(path, role)
    array = found.array
    if array.ndim == 1:
        array = array[:, None]  # (N,) -> (N, 1)
    return replace(found, array=exact(array))


def _npy(path: Path, role: str) -> Numbers:
    try:
        return Numbers(path, map_npy(path))
    except UNREADABLE as error:
        raise ValueError(f"{path} is no array of numbers, or is cut off: {error}") from error


def _npz(path: Path, role: str) -> Numbers:
    """The array of an archive that `role` names, or its only one."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = members(archive)
            if role in names:
                return Numbers(path, member(archive, role))
            if len(names) == 1:
                return Numbers(path, member(archive, names[0]))
            content = ", ".join(names) or "nothing"
    except UNREADABLE as error:
        raise ValueError(f"{path} is no archive of arrays, or is cut off: {error}") from error
    raise ValueError(
        f"{path} holds {content}; name one of them {role!r}, or give a file with one array"
    )


def _csv(path: Path, role: str) -> Numbers:
    """Comma-separated numbers, with or without a header; an array of text if any column is text."""
    sheet = read_table(path)
    if not sheet.rows:
        raise ValueError(f"{path} is empty; expected {role}, one row an image")
    if len(sheet.rows) == 1 and not sheet.names and not any(map(numeric, sheet.rows[0])):
        raise ValueError(
            f"{path} holds the names of its columns, {', '.join(sheet.rows[0])}, "
            "and no row below them"
        )
    columns = [sheet.numbers(k) for k in range(len(sheet.rows[0]))]
    numbers = [column for column in columns if column is not None]
    if len(numbers) == len(columns):
        array = np.column_stack(numbers)
    else:  # the metrics report text with a better message than a failed conversion
        array = np.array([["nan" if missing(cell) else cell for cell in row] for row in sheet.rows])
    return Numbers(path, array, sheet.names, sheet.index)


def _parquet(path: Path, role: str) -> Numbers:
    try:
        import duckdb
    except ImportError as error:
        raise ValueError(f"reading {path} needs duckdb: pip install 'unweave[parquet]'") from error
    try:
        columns = duckdb.read_parquet(str(path)).fetchnumpy()
    except duckdb.Error as error:
        raise ValueError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    indices = {name: column for name, column in columns.items() if _is_index(name, column)}
    # (N,) each; the index columns are not codes or factors
    kept = {name: column for name, column in columns.items() if name not in indices}
    if not kept:
        raise ValueError(f"{path} holds nothing but a row index; expected {role}, one row an image")
    index: tuple[int, ...] = ()
    oldest = next(reversed(indices.values()), None)
    if oldest is not None and _counts(oldest):
        index = tuple(map(int, oldest))
    array = np.column_stack([_filled(column) for column in kept.values()])
    return Numbers(path, array, tuple(kept), index)


def _is_index(name: str, column: NDArray[Any]) -> bool:
    """Whether a column is a row index: pandas named it so, or it is unnamed integers, each once."""
    if LEVEL.fullmatch(name):
        return True
    return bool(NAME.fullmatch(name)) and _counts(column)


def _counts(column: NDArray[Any]) -> bool:
    """Whether a column has integers only, each once."""
    known = column.dtype.kind in "iu" and not np.ma.is_masked(column)
    return known and len(np.unique(column)) == len(column)


def _filled(column: NDArray[Any]) -> NDArray[Any]:
    """A column of floats with NaN for its empty cells; text stays text."""
    if column.dtype.kind not in "biuf":
        return np.asarray(column, dtype=str)
    known = ~np.ma.getmaskarray(column)
    filled = np.full(len(column), np.nan)
    filled[known] = exact(np.ma.getdata(column)[known])
    return filled


READERS: dict[str, Callable[[Path, str], Numbers]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _csv,
    ".parquet": _parquet,
}
