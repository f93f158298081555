import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics


def test_by_hand():
    v = made.whole_grid((2, 2)).repeat(5, 0)
    a, b = v.T
    # rows with a = 1 have a + b in {1, 2}, the others in {0, 1}: of four pairs three are right and one is a tie, 7/8
    score = metrics.tad(np.stack([a, a + b], 1).astype(float), v)
    np.testing.assert_allclose(score.matrix, [[1, 0.5], [0.875, 0.875]], atol=1e-12)
    assert score.value == pytest.approx((1 - 0.875) + (0.875 - 0.5), abs=1e-12)
    assert score.parts["captured"] == 2
    assert list(score.parts["best"]) == [0, 1]


def test_direction_of_a_latent_does_not_matter():
    v = made.whole_grid((2, 2)).repeat(10, 0)
    assert metrics.tad(-v.astype(float), v).value == pytest.approx(1, abs=1e-12)


def test_attributes_below_the_threshold_count_nothing():
    v = made.whole_grid((2, 2)).repeat(50, 0)
    noisy = v + np.random.default_rng(0).standard_normal(v.shape) * [0.05, 2.5]
    score = metrics.tad(noisy, v)
    assert score.parts["captured"] == 1
    assert score.parts["gap"][1] == 0
    assert metrics.tad(noisy, v, captured=0.5).parts["captured"] == 2


def test_attributes_that_another_gives_away_count_nothing():
    v = made.whole_grid((2, 2)).repeat(20, 0)
    v = np.hstack([v, v[:, :1]])
    v[0, 2] = 1
    score = metrics.tad(v[:, :2].astype(float), v)
    assert list(score.parts["gap"] > 0) == [False, True, False]
    assert score.parts["captured"] == 1
    # I(a; c) / H(a) with p(a, c) = (39, 1; 0, 40) / 80
    p = np.array([39, 1, 40]) / 80
    joint, h_c = -(p * np.log(p)).sum(), -sum(q * np.log(q) for q in (39 / 80, 41 / 80))
    assert score.parts["given_away"][0] == pytest.approx(
        (np.log(2) + h_c - joint) / np.log(2), abs=1e-12
    )
    assert score.parts["given_away"][1] == pytest.approx(0, abs=1e-3)


def test_factors_of_many_values_are_split_at_the_median_and_unknown_ones_left_out():
    v = made.whole_grid((4, 6)).repeat(10, 0).astype(float)
    score = metrics.tad(v, v)
    assert score.parts["area"] == pytest.approx([1, 1])
    assert score.value == pytest.approx(1, abs=1e-9)
    holes = v.copy()
    holes[::4, 1] = np.nan
    assert metrics.tad(v, holes).parts["area"] == pytest.approx([1, 1])


def test_most_rows_at_the_highest_value():
    v = np.array([[0], [1], [2], [2], [2], [2]] * 10)
    assert metrics.tad(np.hstack([v, v % 2]), v).parts["area"] == [1]


def test_one_latent_is_compared_with_chance():
    v = made.whole_grid((2, 2)).repeat(10, 0)
    score = metrics.tad(v[:, :1].astype(float), v)
    assert score.value == pytest.approx(0.5)
    assert not math.isnan(score.value)
