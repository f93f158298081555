import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.seeds import fold


def test_a_perfect_code_is_1_and_noise_is_chance():
    v = made.factors(1200, sizes=(2, 4))
    assert metrics.downstream(v, v).value == pytest.approx(1, abs=0.01)
    noise = metrics.downstream(np.random.default_rng(0).standard_normal((1200, 3)), v)
    np.testing.assert_allclose(noise.parts["accuracy_per_factor"], [1 / 2, 1 / 4], atol=0.06)


def test_by_hand_of_a_code_that_is_right_three_times_in_four():
    v = np.tile([[0], [1]], (400, 1))
    z = v.copy()
    z[:200, 0] = 1 - z[:200, 0]
    z = np.random.default_rng(0).permutation(np.hstack([z, v]))
    score = metrics.downstream(
        z[:, :1].astype(float), z[:, 1:], test=(z[:, :1].astype(float), z[:, 1:])
    )
    assert score.value == 0.75


def test_smaller_sizes_are_fits_of_fewer_of_the_same_rows():
    z, v = made.good_code(900, noise=0.8)
    parts = metrics.downstream(z[:600], v[:600], test=(z[600:], v[600:]), seed=4).parts
    rows = np.sort(np.random.default_rng(fold(4, "few labels")).permutation(600)[:100])
    few = metrics.downstream(z[rows], v[rows], test=(z[600:], v[600:]), seed=4)
    assert parts["accuracy_100"] == few.value
    assert parts["efficiency"] == few.value / parts["accuracy"]
    assert parts["accuracy_10"] < parts["accuracy_100"] < parts["accuracy"]
    assert math.isnan(parts["accuracy_1000"])


def test_the_fits_are_those_of_dci():
    z, v = made.good_code(120, noise=0.5, sizes=(2, 3))
    accuracy = metrics.downstream(z, v).parts["accuracy_per_factor"]
    informativeness = metrics.dci(z, v, importances="linear").parts["informativeness_per_factor"]
    np.testing.assert_array_equal(accuracy, informativeness)


def test_boosting_reads_what_a_line_cannot_and_is_fitted_once():
    v = made.factors(150, sizes=(2,))
    z = np.random.default_rng(0).standard_normal((150, 2))
    z[:, 0] = np.abs(z[:, 0]) * np.where(v[:, 0] == (z[:, 1] > 0), 1, -1)
    table = metrics.Table.of(z, v)
    assert metrics.downstream.score(table).value < 0.7
    boosted = metrics.downstream.score(table, predictor="boosting").value
    assert boosted > 0.8
    assert table.cache["fits", "boosting"].test[0] == boosted
    assert metrics.dci.score(table).parts["informativeness"] == boosted


def test_a_size_at_which_a_factor_has_one_value_leaves_it_out():
    z, v = made.good_code(400, sizes=(3, 2))
    v[:, 1] = 0
    v[:6, 1] = 1
    parts = metrics.downstream(z, v, test=(z, v), seed=1).parts
    drawn = v[np.random.default_rng([1, 9]).permutation(400)[:10]]
    assert len(set(drawn[:, 1])) == 1, "the case that is tried"
    assert parts["accuracy_10"] > 0.5


def test_bad_predictor():
    with pytest.raises(ValueError, match="boosting, logistic"):
        metrics.downstream(*made.good_code(50), predictor="forest")
