"""Detection of row indices: columns that pandas wrote to number the rows, and that are no values.

A table that was saved, read and saved again has several: `,Unnamed: 0,a` or `Unnamed: 0.1,Unnamed:
0,a`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from unweave.data.tables.cells import WHOLE, number

NAME = re.compile(r"(Unnamed: [0-9]+(\.[0-9]+)*)?")
LEVEL = re.compile(r"__index_level_[0-9]+__")  # in a Parquet file


def is_index(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers without repetition."""
    return len(set(cells)) == len(cells) and all(map(WHOLE.fullmatch, cells))


def row_indices(names: Sequence[str], columns: Sequence[Sequence[str]]) -> list[int]:
    """The places of the row indices: columns called `Unnamed: n`, and first columns without a name.

    ValueError for a first column of such a name (or one behind row indices alone) that has numbers
    and is no index. Words there may be names of files; a name that is missing further on is refused
    by `read_table`.
    """
    found: list[int] = []
    for k, (name, cells) in enumerate(zip(names, columns, strict=True)):
        if not NAME.fullmatch(name) or (not name and len(found) < k):
            continue
        if cells and is_index(cells):
            found.append(k)
        elif len(found) == k and not any(number(cell) is None for cell in cells):
            which = f"its column {name!r}"
            if k == 0:
                which = "its first column has no name, and"
            raise ValueError(f"{which} is no row index; name it or leave it out")
    return found
