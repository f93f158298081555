"""Tables of numbers from files: .npy, .npz, .csv, .parquet."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unweave.data.npy import UNREADABLE, map_npy, member, members


def read(path: str | Path, role: str) -> NDArray[Any]:
    """The array (N, columns) in a file.

    role: what it is ("codes", "factors"): the name it may have inside an .npz file that holds several arrays, and the
    word for it in errors. An empty cell of a .csv or .parquet file is NaN; cells of text make an array of text.
    ValueError or FileNotFoundError if there is no such table.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path} to read {role} from")
    if path.suffix not in READERS:
        raise ValueError(f"{path}: {role} are read from {', '.join(READERS)} files")
    array = READERS[path.suffix](path, role)
    return array[:, None] if array.ndim == 1 else array


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
    """Comma-separated numbers; a first line that is not all numbers is the names of the columns."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    if not rows:
        raise ValueError(f"{path} is empty; expected {role}, one row an image")
    if (wrong := next((i for i, row in enumerate(rows) if len(row) != len(rows[0])), None)) is not None:
        raise ValueError(f"{path}: row {wrong + 1} has {len(rows[wrong])} cells, the first has {len(rows[0])}")
    if len(rows) > 1 and not all(map(_is_number, rows[0])):
        rows = rows[1:]
    cells = np.array(rows)
    try:
        return np.where(np.char.strip(cells) == "", "nan", cells).astype(np.float64)
    except ValueError:
        return cells  # the metrics say what to do with text


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True


def _parquet(path: Path, role: str) -> NDArray[Any]:
    try:
        import duckdb
    except ImportError as error:
        raise ValueError(f"reading {path} needs duckdb: pip install 'unweave[parquet]'") from error
    try:
        columns = duckdb.read_parquet(str(path)).fetchnumpy()
    except duckdb.Error as error:
        raise ValueError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return np.column_stack([_filled(column) for column in columns.values()])


def _filled(column: NDArray[Any]) -> NDArray[Any]:
    """A column with NaN where it is empty."""
    if column.dtype.kind not in "biuf":
        return np.asarray(column, dtype=str)
    return np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)


READERS: dict[str, Callable[[Path, str], NDArray[Any]]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _csv,
    ".parquet": _parquet,
}
