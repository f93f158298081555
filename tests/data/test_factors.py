import math

import numpy as np
import pytest

from unweave.data.factors import FactorSpace

SPACE = FactorSpace(("shape", "x", "only"), (3, 4, 1))


def test_rows_count_with_the_last_factor_fastest():
    assert SPACE.rows([[0, 0, 0], [0, 3, 0], [1, 0, 0], [2, 3, 0]]).tolist() == [0, 3, 4, 11]
    assert len(SPACE) == 12


def test_rows_and_factor_tuples_are_inverse():
    rows = np.arange(len(SPACE))
    assert np.array_equal(SPACE.rows(SPACE.factors_at(rows)), rows)
    assert len({tuple(v) for v in SPACE.factors_at(rows)}) == 12


def test_samples_are_uniform_and_repeat_with_the_seed():
    v = SPACE.sample(12_000, np.random.default_rng(0))
    counts = np.bincount(SPACE.rows(v), minlength=12)
    chi2 = ((counts - 1000) ** 2 / 1000).sum()
    assert chi2 < 31.3  # the 0.999 quantile of chi-squared with 11 degrees of freedom
    assert np.array_equal(v, SPACE.sample(12_000, np.random.default_rng(0)))
    assert not np.array_equal(v, SPACE.sample(12_000, 1))


def test_a_fixed_factor_holds_its_value_and_the_others_move():
    v = SPACE.sample(500, 0, fixed={"x": 2})
    assert set(v[:, 1]) == {2}
    assert set(v[:, 0]) == {0, 1, 2}


def test_a_changed_factor_really_differs_and_is_uniform_over_the_others():
    start = np.zeros((9000, 3), dtype=int)
    v = SPACE.change(start, [False, True, False], 0)
    assert (v[:, [0, 2]] == 0).all()
    counts = np.bincount(v[:, 1], minlength=4)
    assert counts[0] == 0
    assert ((counts[1:] - 3000) ** 2 / 3000).sum() < 13.8  # 0.999 quantile, 2 degrees of freedom


def test_each_row_may_change_its_own_factors():
    which = np.array([[True, False, False], [False, True, False]])
    v = SPACE.change([[0, 0, 0], [0, 0, 0]], which, 0)
    assert ((v != 0) == which).all()


def test_values_say_what_an_index_means():
    assert FactorSpace(("angle",), (2,), ((0, math.pi),)).values[0][1] == math.pi
    assert SPACE.values[1].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([[0, 4, 0]], "x is 4 in row 0; it counts from 0 to 3"),
        ([[0, 0, 0], [-1, 0, 0]], "shape is -1 in row 1"),
        ([[0, 0]], r"shape \(1, 2\); expected \(n, 3\) for shape, x, only"),
        ([[0.5, 0, 0]], "whole numbers"),
        ([[np.nan, 0, 0]], "whole numbers"),
    ],
)
def test_factor_indices_outside_the_grid_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        SPACE.rows(wrong)


def test_what_cannot_be_a_grid_or_a_change_is_refused():
    with pytest.raises(ValueError, match="different names"):
        FactorSpace(("a", "a"), (2, 2))
    with pytest.raises(
        ValueError,
        match=r"a 10000, b 10000, c 10000, d 10000, e 10000.* more rows than the 2\^63 - 1",
    ):
        FactorSpace("abcde", [10_000] * 5)
    with pytest.raises(ValueError, match="at least one value"):
        FactorSpace(("a",), (0,))
    with pytest.raises(ValueError, match="lengths"):
        FactorSpace(("a",), (2,), ((1, 2, 3),))
    with pytest.raises(ValueError, match="only has one value and cannot be changed"):
        SPACE.change([[0, 0, 0]], [False, False, True], 0)
    with pytest.raises(ValueError, match="no factor 'y'; the factors are shape, x, only"):
        SPACE.sample(1, 0, fixed={"y": 0})
    with pytest.raises(ValueError, match="rows run from 0 to 11"):
        SPACE.factors_at([12])


def test_a_grid_of_nearly_2_to_the_63_rows_counts_them_all():
    space = FactorSpace("abcde", (6000,) * 5)
    last = np.array([[5999] * 5])
    assert space.rows(last).tolist() == [len(space) - 1]
    v = np.concatenate([space.sample(1000, 0), last, 0 * last])
    assert np.array_equal(space.factors_at(space.rows(v)), v)
