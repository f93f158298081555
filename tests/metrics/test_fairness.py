import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics.scores.fairness import total_variation


def test_a_prediction_that_is_always_right_is_fair():
    v = made.factors(600, sizes=(2, 3, 3))
    score = metrics.fairness(3 * made.scaled(v), v)
    assert score.value == pytest.approx(0, abs=1e-12)
    assert score.parts["max"] == pytest.approx(0, abs=1e-12)
    assert score.parts["accuracy"] == 1


def test_a_prediction_that_follows_the_sensitive_factor():
    # target and sensitive agree in 3 rows of 4; the code knows the sensitive factor only, and so the prediction is it
    grid = made.whole_grid((2, 2))
    v = np.repeat(grid, np.where(grid[:, 0] == grid[:, 1], 150, 50), 0)
    score = metrics.fairness(v[:, 1:].astype(float), v, test=(v[:, 1:].astype(float), v))
    assert score.parts["target"][0] == pytest.approx(0.5, abs=1e-12)
    assert score.parts["target"][1] == pytest.approx(0, abs=1e-12), (
        "right about the factor that it knows"
    )
    assert score.value == pytest.approx(0.25, abs=1e-12)


def test_correlation_in_the_data_is_not_the_predictors_fault():
    grid = made.whole_grid((2, 2))
    v = np.repeat(grid, np.where(grid[:, 0] == grid[:, 1], 150, 50), 0)
    code = v.astype(float)
    assert metrics.fairness(code, v, test=(code, v)).value == pytest.approx(0, abs=1e-12)
    observed = [np.mean(v[v[:, 1] == c, 0]) for c in (0, 1)]
    assert abs(observed[0] - observed[1]) == 0.5, (
        "what conditioning without adjustment would report"
    )


def test_adjustment_is_the_intervention_on_a_complete_grid():
    v = made.whole_grid((3, 4, 5))
    predicted = np.random.default_rng(0).integers(3, size=len(v))
    by_hand = []
    for c in range(4):
        under = np.bincount(predicted[v[:, 1] == c], minlength=3) / 15
        by_hand.append(np.abs(under - np.bincount(predicted, minlength=3) / 60).sum() / 2)
    found = total_variation(predicted, v[:, 0], v[:, 1], np.ones(60))
    np.testing.assert_allclose(found, by_hand, atol=1e-12)


def test_targets_never_seen_with_a_sensitive_value_are_left_out_of_its_comparison():
    target, sensitive = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1])
    np.testing.assert_allclose(
        total_variation(target, target, sensitive, np.ones(5)), [0, 0], atol=1e-12
    )
    always = np.array([0, 1, 0, 1, 0])
    # under 1: outcomes 1, 1, 0 at targets of mass 2, 2, 1; anyway 1/2, 1/2, 0; and under 0 the third is left out
    np.testing.assert_allclose(
        total_variation(always, target, sensitive, np.ones(5)), [0.5, 0.4], atol=1e-12
    )


def test_noise_is_nearly_fair_and_says_how_useless_it_is():
    v = made.factors(1500, sizes=(2, 3))
    score = metrics.fairness(np.random.default_rng(0).standard_normal((1500, 2)), v)
    assert 0 < score.value < 0.1
    assert score.parts["accuracy"] < 0.5


def test_undefined_and_bad_options():
    z, v = made.good_code(60)
    assert math.isnan(metrics.fairness(z, v[:, :1]).value)
    with pytest.raises(ValueError, match="boosting, logistic"):
        metrics.fairness(z, v, predictor="tree")
