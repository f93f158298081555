"""Cells of contingency tables, counted in two ways, against counting row by row."""

import numpy as np
import pytest
from tests.metrics import made

from unweave.metrics.estimators import cells, counting
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
@pytest.mark.parametrize("few", [0, counting.FEW, 100])
@pytest.mark.parametrize("most", [300, counting.MOST])
def test_cells_are_those_of_each_code_and_factor_however_they_are_counted(
    holes, weighted, few, most, monkeypatch
):
    monkeypatch.setattr(counting, "FEW", few)  # no factor by the product, some, or all
    monkeypatch.setattr(counting, "MOST", most)  # the rows of a product in pieces, or at once
    z, v = columns(holes)
    weights = np.random.default_rng(1).exponential(size=len(z)) if weighted else None
    levels = Levels(v, weights)
    table = levels.cells(z, z.max(0) + 1)
    rows = table.rows.reshape(5, 9, -1)
    for k, (start, end) in enumerate(
        zip(levels.layout.starts, levels.layout.starts + levels.layout.sizes, strict=True)
    ):
        for j in range(5):
            wanted = np.zeros((9, end - start), int)
            np.add.at(
                wanted, (z[:, j], v[:, k]), 1
            )  # -1 is the last cell, of the rows where it is unknown
            np.testing.assert_array_equal(rows[j][:, start:end], wanted)
    if weighted:
        of_code = levels.layout.by_factor(table.mass).reshape(5, 9, -1).sum(1)
        np.testing.assert_allclose(of_code, np.broadcast_to(levels.n, of_code.shape))


def test_codes_some_at_a_time_share_the_information_of_all(monkeypatch):
    z, v = columns(holes=True)
    for factors in (v, z):  # and columns beside themselves, of which each pair is counted once
        at_once = from_indices(z, factors, corrected=True)
        monkeypatch.setattr(cells, "AT_ONCE", 1)
        one_by_one = from_indices(z, factors, corrected=True)
        monkeypatch.undo()
        np.testing.assert_allclose(one_by_one.uncut, at_once.uncut, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(one_by_one.freedom, at_once.freedom)


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
    fresh = np.corrcoef(ranks(part.codes), ranks(part.factors), rowvar=False)[
        : z.shape[1], z.shape[1] :
    ]
    np.testing.assert_allclose(found, np.abs(fresh), atol=1e-12)
