"""Counts of the cells of all codes by all factors of a table, and of the same table without some rows.

A replicate for an error has the counts of the whole table less those of the rows that it lacks, which
are few: so a table is counted once and not once for every replicate. Whole numbers, so nothing is
rounded.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from unweave.metrics.estimators.cells import Levels, pieces
from unweave.metrics.estimators.layout import Layout

if TYPE_CHECKING:
    from unweave.metrics.tables.table import Table

KEPT = 2**25  # cells that are kept at most: 128 MB


@dataclass(frozen=True)
class Counts:
    """Rows in the cells of D codes by K factors, int32 (B, L) for each of `parts`.

    values: how many bins a code has, (D,). layout: of the factors' cells. half: whether codes and
    factors are the same columns, of which each pair is counted once.
    """

    rows: list[np.ndarray]
    values: np.ndarray
    layout: Layout
    half: bool

    @staticmethod
    def of(z: np.ndarray, v: np.ndarray, half: bool) -> Counts:
        """Those of columns of indices z (N, D) and v (N, K), -1 where a factor is unknown."""
        empty = Counts([], z.max(0).astype(np.int64) + 1, Layout.of(v), half)
        return replace(empty, rows=list(empty._counted(z, v)))

    def less(self, z: np.ndarray, v: np.ndarray) -> Counts:
        """Without some of the rows that were counted."""
        return replace(
            self,
            rows=[
                all_rows - some
                for all_rows, some in zip(self.rows, self._counted(z, v), strict=True)
            ],
        )

    def _counted(self, z: np.ndarray, v: np.ndarray) -> Iterator[np.ndarray]:
        levels = Levels(v, None, self.layout)
        for codes, first in parts(self.values, self.layout, self.half):
            yield levels.rows(z[:, codes], self.values[codes], first)


def parts(values: np.ndarray, layout: Layout, half: bool) -> Iterator[tuple[slice, int]]:
    """Neighbouring codes whose cells can be held at once, and the first factor beside which they are counted.

    half: codes and factors are the same columns, and factors before the first of these codes have
        been beside these already.
    """
    for codes in pieces(values, layout.size):
        yield codes, codes.start if half else 0


def of_table(table: Table, codes: Hashable, factors: Hashable) -> Counts | None:
    """Counts of a table's bins of these names; None where it has weights, or more cells than are kept.

    Those of a whole table stay in it.
    """
    if table.weights is not None:
        return None
    name = ("counts", codes, factors)
    if name in table.cache:
        return table.cache[name]
    taken_from = table.cache.get("taken from")
    if taken_from is not None:
        whole, left_out = taken_from
        carried = codes in left_out.bins and factors in left_out.bins
        counted = of_table(whole, codes, factors) if carried else None
        return (
            None if counted is None else counted.less(left_out.bins[codes], left_out.bins[factors])
        )
    z = table.bins[codes]
    v = table.bins[factors]
    cells = int((z.max(0).astype(np.int64) + 1).sum()) * Layout.of(v).size
    if not table.whole or cells > KEPT:
        return None
    table.cache[name] = Counts.of(z, v, half=codes == factors)
    return table.cache[name]
