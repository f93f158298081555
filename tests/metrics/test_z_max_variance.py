import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics

GRID = made.whole_grid((4, 3, 5)).repeat(3, 0)


def test_the_factors_themselves_score_1():
    score = metrics.z_max_variance(GRID, GRID)
    assert score.value == score.parts["train"] == 1
    np.testing.assert_array_equal(score.matrix, np.eye(3))


def test_a_latent_with_two_factors_wins_the_votes_of_both():
    z = np.stack([GRID[:, 0], GRID[:, 1] + 0.0, np.zeros(len(GRID))], 1)
    z[:, 1] += GRID[:, 2]
    score = metrics.z_max_variance(z, GRID)
    assert score.value == pytest.approx(2 / 3, abs=0.01)
    np.testing.assert_allclose(score.matrix[:2], [[1, 0, 0], [0, 1, 1]])
    assert np.isnan(score.matrix[2]).all()


def test_known_failure_noise_latents_win_votes():
    noise = np.random.default_rng(0).standard_normal((len(GRID), 10))
    assert metrics.z_max_variance(np.hstack([GRID, noise]), GRID).value < 0.95


def test_undefined_says_why():
    z, v = made.good_code(100)
    assert "one factor" in metrics.z_max_variance(z, v[:, :1]).reason
    alone = metrics.z_max_variance(z, np.random.default_rng(0).standard_normal((100, 6)))
    assert math.isnan(alone.value)
    assert "complete grid" in alone.reason
