"""Counts of a table without some of its rows, which are those of the whole less those of the rows left out."""

import numpy as np
import pytest
from tests.metrics import made

from unweave.metrics.estimators import chance
from unweave.metrics.estimators.contingency import from_indices
from unweave.metrics.estimators.counts import of_table
from unweave.metrics.estimators.information import bins_name, code_bins, information
from unweave.metrics.tables.table import Table

NAME = ("between_quantiles", 20)
FACTORS = "factors"


def table(holes: bool = True) -> Table:
    """Six latents beside factors of few and of many levels, some of them unknown."""
    v = made.factors(900, sizes=(2, 2, 3, 40)).astype(float)
    if holes:
        v[np.random.default_rng(1).random(v.shape) < 0.1] = np.nan
    z = np.random.default_rng(2).normal(size=(900, 6))
    z[:, 0] += v[:, 0] == 1
    return Table.of(z, v)


@pytest.mark.parametrize("factors", [FACTORS, NAME])
@pytest.mark.parametrize("blocks", [(3,), (19, 0)])
def test_counts_without_blocks_are_those_of_the_rows_that_stay(factors, blocks):
    whole = table()
    code_bins(whole)
    part = whole.without(*blocks)
    found = of_table(part, NAME, factors)
    z = part.bins[NAME]
    v = part.bins[factors]
    assert not found.half or len(found.rows) == 1
    for j in range(z.shape[1]):
        first = found.values[:j].sum()
        for k in range(v.shape[1]):
            start = found.layout.sizes[:k].sum()
            cells = found.rows[0][
                first : first + found.values[j], start : start + found.layout.sizes[k]
            ]
            again = np.zeros_like(cells)
            np.add.at(
                again, (z[:, j], v[:, k]), 1
            )  # -1 is the last cell, of the rows where it is unknown
            np.testing.assert_array_equal(cells, again)


@pytest.mark.parametrize("holes", [False, True])
def test_information_of_a_part_is_that_of_its_rows_counted_anew(holes):
    whole = table(holes)
    information(whole)
    part = whole.without(7)
    assert of_table(part, bins_name(part, 20), FACTORS) is not None
    found = information(part)
    again = from_indices(part.bins[NAME], part.bins[FACTORS], corrected=True)
    for name in ("uncut", "joint", "codes", "factors"):
        np.testing.assert_allclose(getattr(found, name), getattr(again, name), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found.freedom, again.freedom)
    np.testing.assert_array_equal(found.bins, again.bins)


def test_a_part_whose_bins_are_its_own_is_counted_by_itself():
    part = table().without(3)  # before the whole had bins
    z = code_bins(part)
    assert of_table(part, NAME, FACTORS) is None
    again = from_indices(z, part.bins[FACTORS], corrected=True)
    np.testing.assert_array_equal(information(part).uncut, again.uncut)


def test_each_pair_of_columns_is_counted_once():
    z = made.factors(700, sizes=(5, 20, 9, 20, 3))
    once = from_indices(z, z, corrected=True)
    twice = from_indices(z, z.copy(), corrected=True)
    for name in ("uncut", "joint", "codes", "factors"):
        np.testing.assert_allclose(getattr(once, name), getattr(twice, name), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(once.freedom, twice.freedom)


def test_sums_that_are_kept_are_those_that_are_found_anew(monkeypatch):
    rng = np.random.default_rng(0)
    a = rng.integers(0, 60, 500)
    b = rng.integers(0, 100, 500)
    anew = chance._exactly(a, b, 800, (0.0, 0.0))
    monkeypatch.setattr(chance, "MANY", 1)
    monkeypatch.setattr(chance, "LARGEST", 70)  # some sizes are beyond what is kept
    chance._kept_sums.cache_clear()
    for _ in range(2):  # first found, then looked up
        np.testing.assert_allclose(chance._exactly(a, b, 800, (0.0, 0.0)), anew, rtol=1e-11)
    chance._kept_sums.cache_clear()


def test_sums_by_chance_are_kept_of_tables_of_some_rows_only() -> None:
    """What is kept grows with the root of the rows: 30 MB at 100,000."""
    sizes = np.full(chance.MANY, 3)
    chance._kept_sums.cache_clear()
    small = chance._exactly(sizes, sizes, 1_000, (0.0, 0.0))
    assert chance._kept_sums.cache_info().currsize == 1
    assert small == pytest.approx(chance._sums(sizes, sizes, 1_000, (0.0, 0.0)))
    chance._exactly(sizes, sizes, chance.MOST + 1, (0.0, 0.0))
    assert chance._kept_sums.cache_info().currsize == 1


@pytest.mark.parametrize("weighted", [False, True])
def test_shuffled_columns_have_the_bins_that_they_would_be_given(weighted):
    rng = np.random.default_rng(0)
    z = np.stack([rng.normal(size=300), rng.integers(0, 5, 300), rng.normal(size=300).round(1)], 1)
    whole = Table.of(z, weights=rng.exponential(size=300) if weighted else None)
    code_bins(whole)
    shuffled = whole.permuted(1)
    alone = Table.of(shuffled.codes, weights=whole.weights)
    np.testing.assert_array_equal(code_bins(shuffled), code_bins(alone))
    assert not np.array_equal(shuffled.codes, whole.codes)
    np.testing.assert_array_equal(np.sort(shuffled.codes, 0), np.sort(whole.codes, 0))
