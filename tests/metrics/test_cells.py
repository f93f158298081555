"""Cells of contingency tables, whose factors are counted together, against counting them one by one."""

import numpy as np
import pytest
from tests.metrics import made

from unweave.metrics.estimators import cells
from unweave.metrics.estimators.cells import Levels
from unweave.metrics.estimators.contingency import from_indices
from unweave.metrics.estimators.correlations import correlations, ranks
from unweave.metrics.tables.table import Table

SIZES = (2, 2, 3, 2, 40, 2, 7)


def columns(holes: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    z = rng.integers(9, size=(2000, 5))
    v = made.factors(2000, sizes=SIZES)
    if holes:
        v[rng.random(v.shape) < 0.1] = -1
    return z, v


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("at_once", [1, cells.AT_ONCE])
def test_factors_that_are_counted_together_have_the_cells_of_each(holes, weighted, at_once, monkeypatch):
    monkeypatch.setattr(cells, "AT_ONCE", at_once)  # one code at a time, or all
    z, v = columns(holes)
    weights = np.random.default_rng(1).exponential(size=len(z)) if weighted else None
    levels = Levels(v, weights)
    tables = [table for table, _ in levels.tables(z, z.max(0) + 1)]
    rows = np.concatenate([table.rows for table in tables]).reshape(5, 9, -1)
    for k, (start, end) in enumerate(zip(levels.starts, levels.ends, strict=True)):
        for j in range(5):
            wanted = np.zeros((9, end - start), int)
            np.add.at(wanted, (z[:, j], v[:, k]), 1)  # -1 is the last cell, of the rows where it is unknown
            np.testing.assert_array_equal(rows[j][:, start:end], wanted)
    if weighted:
        mass = np.concatenate([table.mass for table in tables])
        of_code = levels.by_factor(mass).reshape(5, 9, -1).sum(1)
        np.testing.assert_allclose(of_code, np.broadcast_to(levels.n, of_code.shape))


@pytest.mark.parametrize("holes", [False, True])
def test_information_is_the_same_beside_other_factors_and_alone(holes):
    z, v = columns(holes)
    together = from_indices(z, v, corrected=True)
    for k in range(v.shape[1]):
        alone = from_indices(z, v[:, [k]], corrected=True)
        np.testing.assert_allclose(together.uncut[:, k], alone.uncut[:, 0], rtol=1e-9, atol=1e-13)
        np.testing.assert_array_equal(together.freedom[:, k], alone.freedom[:, 0])


def test_a_copy_of_some_rows_ranks_its_codes_among_these_rows():
    z, v = columns(holes=False)
    table = Table.of(z, v)
    correlations(table, ranked=True)
    part = table.without(3)
    found = correlations(part, ranked=True)
    fresh = np.corrcoef(ranks(part.codes), ranks(part.factors), rowvar=False)[: z.shape[1], z.shape[1] :]
    np.testing.assert_allclose(found, np.abs(fresh), atol=1e-12)
