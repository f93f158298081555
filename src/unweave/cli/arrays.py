"""Tables of numbers from files: .npy, .npz, .csv, .parquet."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.npy import UNREADABLE, map_npy, member, members
from unweave.data.table import exact, missing, read_table

INDICES = ("Unnamed: 0", "__index_level_0__")  # what pandas calls the numbers of its rows


def read(path: str | Path, role: str) -> NDArray[Any]:
    """The array (N, columns) in a file.

    role: what it is ("codes", "factors"): the name it may have inside an .npz file that holds several arrays, and the
    word for it in errors. A missing cell of a .csv or .parquet file is NaN, and the row index of pandas is no column;
    cells of text make an array of text. Whole numbers beyond 2^53, which no float tells apart, become their ranks.
    ValueError or FileNotFoundError if there is no such table.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path} to read {role} from")
    if path.suffix not in READERS:
        raise ValueError(f"{path}: {role} are read from {', '.join(READERS)} files")
    array = READERS[path.suffix](path, role)
    return exact(array[:, None] if array.ndim == 1 else array)


def _npy(path: Path, role: str) -> NDArray[Any]:
    try:
        return map_npy(path)
    except UNREADABLE as error:
        raise ValueError(f"{path} is no array of numbers, or is cut off: {error}") from error


def _npz(path: Path, role: str) -> NDArray[Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = members(archive)
            if role in names:
                return member(archive, role)
            if len(names) == 1:
                return member(archive, names[0])
            held = ", ".join(names) or "nothing"
    except UNREADABLE as error:
        raise ValueError(f"{path} is no archive of arrays, or is cut off: {error}") from error
    raise ValueError(f"{path} holds {held}; name one of them {role!r}, or give a file with one array")


def _csv(path: Path, role: str) -> NDArray[Any]:
    """Comma-separated numbers, with or without names of the columns; text, for the metrics to refuse, if any is text."""
    sheet = read_table(path)
    if not sheet.rows:
        raise ValueError(f"{path} is empty; expected {role}, one row an image")
    columns = [sheet.numbers(k) for k in range(len(sheet.rows[0]))]
    numbers = [column for column in columns if column is not None]
    if len(numbers) == len(columns):
        return np.column_stack(numbers)
    return np.array([["nan" if missing(cell) else cell for cell in row] for row in sheet.rows])


def columns(path: str | Path) -> tuple[str, ...]:
    """The names of the columns of a .csv or .parquet file; () for files without names."""
    path = Path(path)
    if path.suffix == ".csv":
        return read_table(path).names
    if path.suffix == ".parquet":
        import duckdb

        return tuple(name for name in duckdb.read_parquet(str(path)).columns if name not in INDICES)
    return ()


def _parquet(path: Path, role: str) -> NDArray[Any]:
    try:
        import duckdb
    except ImportError as error:
        raise ValueError(f"reading {path} needs duckdb: pip install 'unweave[parquet]'") from error
    try:
        columns = duckdb.read_parquet(str(path)).fetchnumpy()
    except duckdb.Error as error:
        raise ValueError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return np.column_stack([_filled(column) for name, column in columns.items() if name not in INDICES])


def _filled(column: NDArray[Any]) -> NDArray[Any]:
    """A column with NaN where it is empty."""
    if column.dtype.kind not in "biuf":
        return np.asarray(column, dtype=str)
    known = ~np.ma.getmaskarray(column)
    filled = np.full(len(column), np.nan)
    filled[known] = exact(np.ma.getdata(column)[known])
    return filled


READERS: dict[str, Callable[[Path, str], NDArray[Any]]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _csv,
    ".parquet": _parquet,
}
