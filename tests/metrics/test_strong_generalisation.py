import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics


def test_a_perfect_code_generalises():
    v = made.factors(600, sizes=(2, 3, 3))
    z = made.scaled(v) * 3
    for trained_on in ("others", "value"):
        score = metrics.strong_generalisation(z, v, trained_on=trained_on)
        assert score.value == 1
        assert score.parts["gap"] == 0


@pytest.mark.parametrize("trained_on", ["others", "value"])
def test_a_latent_whose_meaning_turns_with_the_other_factor_is_always_wrong(trained_on):
    v = made.whole_grid((2, 2)).repeat(50, 0)
    z = np.where(v[:, :1] == v[:, 1:], 1.0, -1.0)
    score = metrics.strong_generalisation(z, v, trained_on=trained_on)
    # where the other factor has one value the latent tells all; where it has the other value, the same rule is wrong
    assert score.value == 0
    assert score.parts["gap"] == 1
    assert 0.3 < score.parts["accuracy"] < 0.7
    np.testing.assert_array_equal(score.parts["held_out"], [0, 0])


def test_only_the_factor_that_is_confused_is_named():
    v = made.factors(900, sizes=(2, 2, 2))
    same = np.where(v[:, 0] == v[:, 1], 1.0, -1.0)
    score = metrics.strong_generalisation(np.stack([same, v[:, 2]], 1), v)
    assert score.parts["held_out"][2] == 1
    assert score.parts["moved"][2] == pytest.approx(0.5, abs=0.1), (
        "chance: the other two cannot be read anyway"
    )
    assert score.parts["held_out"][0] == pytest.approx(0.25, abs=0.1), "mean of 0 and chance"


def test_noise_has_no_gap_and_a_low_score():
    v = made.factors(900, sizes=(3, 3))
    score = metrics.strong_generalisation(np.random.default_rng(0).standard_normal((900, 3)), v)
    assert score.value == pytest.approx(1 / 3, abs=0.08)
    assert abs(score.parts["gap"]) < 0.25


def test_undefined_and_bad_options():
    z, v = made.good_code(60)
    score = metrics.strong_generalisation(z, v[:, :1])
    assert math.isnan(score.value)
    assert score.reason.startswith("one factor")
    with pytest.raises(ValueError, match="others, value"):
        metrics.strong_generalisation(z, v, trained_on="all")
    with pytest.raises(ValueError, match="boosting, logistic"):
        metrics.strong_generalisation(z, v, predictor="tree")
