"""Cells of a table, column by column as numbers or as words; what is ambiguous is refused."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unweave.data.tables.cells import COMMA, PADDED, WHOLE, dressed, merged, missing, number, padded
from unweave.data.tables.large import whole
from unweave.kinds import suffixed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sheet:
    """The cells of a file by rows, names of columns, () without any, and the line of each row.

    index: the number of each row in the last of the row indices that were left out, () if none.
    """

    path: Path
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    index: tuple[int, ...] = ()

    def column(self, k: int) -> list[str]:
        """The cells of one column."""
        return [row[k] for row in self.rows]

    def numbers(self, k: int) -> NDArray[np.float64] | None:
        """A column as numbers (N,), NaN where one is missing; None if it contains words.

        Whole numbers beyond 2^53, which floats cannot tell apart, are replaced by their rank. A
        column that is declared categorical contains words if one of its cells is a word, or if two
        texts would be one number. ValueError for infinity, numbers with units, separators or
        decimal commas, and words among numbers.
        """
        # places of the cells that have a value, and of those that are no numbers
        cells = self.column(k)
        known = [i for i, cell in enumerate(cells) if not missing(cell)]
        strange = [i for i in known if number(cells[i]) is None]
        texts = [cells[i] for i in known]
        categorical = bool(self.names) and suffixed(self.names[k])[1] == "categorical"
        if categorical and (strange or merged(texts)):
            return None
        if strange and (padded(texts) or self._words(k, cells, known, strange)):
            self._warn_padded(k, texts)
            return None
        twice = merged(texts)
        if twice:
            place = self._named(k)
            log.warning("%s: %r and %r are one number%s", place, *twice, self._way_out(k))
        if all(map(WHOLE.fullmatch, texts)):
            return whole(cells, known)
        found = np.array([np.nan if missing(cell) else float(cell) for cell in cells])
        if np.isinf(found).any():
            raise ValueError(
                f"{self.at(int(np.argmax(np.isinf(found))), k)} holds infinity; "
                "if unknown, empty it"
            )
        return found

    def _words(
        self, k: int, cells: Sequence[str], known: Sequence[int], strange: Sequence[int]
    ) -> bool:
        """Whether a column with `strange` cells, no numbers, has words.

        ValueError for a mixture.
        """
        # dressed numbers among words stay words; where numbers prevail they are an error
        odd = [i for i in strange if dressed(cells[i])]
        numbers = len(known) - len(strange) + len(odd)
        most = numbers > len(known) / 2
        if odd and (most or any(COMMA.fullmatch(cells[i]) for i in odd)):
            raise ValueError(
                f"{self.at(odd[0], k)} holds {cells[odd[0]]!r}; "
                f"write numbers as 1500 or 1.5{self._way_out(k)}"
            )
        if len(strange) > len(known) / 2:
            return True
        cell = cells[strange[0]]
        where = self.at(strange[0], k)
        if PADDED.fullmatch(cell):
            raise ValueError(
                f"{where} holds {cell!r} among numbers; "
                f"write it without zeros in front{self._way_out(k)}"
            )
        raise ValueError(f"{where} holds {cell!r} among numbers; if unknown, empty it")

    def _warn_padded(self, k: int, texts: Sequence[str]) -> None:
        """Log that ids with zeros in front, which look like numbers, are read as names."""
        found = next(filter(PADDED.fullmatch, texts), None)
        if found is not None:
            message = "%s holds %r, with a zero in front, and is taken as names"
            log.warning(message, self._named(k), found)

    def _way_out(self, k: int) -> str:
        """The end of a message that explains how to declare a column categorical."""
        if not self.names:
            return ""
        name, _ = suffixed(self.names[k])
        if not name:
            return ""
        return f"; if these are names, call the column '{name}:categorical'"

    def _column(self, k: int) -> str:
        if self.names:
            return f"column {self.names[k]!r}"
        return f"column {k}"

    def _named(self, k: int) -> str:
        return f"{self.path}, {self._column(k)}"

    def at(self, row: int, k: int) -> str:
        """The place of a cell in words, for an error message."""
        return f"{self.path}, line {self.lines[row]}: {self._column(k)}"
