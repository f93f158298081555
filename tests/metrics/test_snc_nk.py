import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics


def test_a_perfect_code_tells_each_factor_by_one_latent_and_not_without_it():
    v = made.whole_grid((2, 3)).repeat(60, 0)
    score = metrics.snc_nk(v, v, test=(v, v))
    assert score.value == score.parts["snc"] == 1
    np.testing.assert_allclose(score.parts["nk_per_factor"], [1 - 1 / 2, 1 - 1 / 3], atol=0.01)
    assert list(score.parts["latent"]) == [0, 1]


def test_by_hand_of_bins_that_mix_two_values():
    v = np.repeat([0, 1], 50)[:, None]
    z = np.arange(100.0)[:, None]
    z[40:60] = np.concatenate([np.arange(50, 60), np.arange(40, 50)])[:, None]
    # bins meet between 49 and 50; ten rows of either value lie on the wrong side
    score = metrics.snc_nk(z, v, test=(z, v))
    assert score.value == 0.8
    assert math.isnan(score.parts["nk"])


def test_a_value_on_the_edge_of_a_bin_belongs_to_the_bin_above():
    v = np.array([0, 0, 1, 1, 1] * 10)[:, None]
    z = np.array([0.0, 0.0, 1.0, 1.0, 1.0] * 10)[:, None]
    assert metrics.snc_nk(z, v, test=(z, v)).value == 1, (
        "the median is 1, and ones are not with the zeros"
    )


def test_a_copy_of_a_latent_takes_its_knockout_away():
    z, v = made.good_code(400, noise=0.05, sizes=(2, 3))
    alone, copied = metrics.snc_nk(z, v).parts, metrics.snc_nk(np.hstack([z, z[:, :1]]), v).parts
    assert alone["nk_per_factor"][0] > 0.35
    assert copied["nk_per_factor"][0] == pytest.approx(0, abs=0.02)
    assert copied["nk_per_factor"][1] > 0.5
    assert copied["snc"] == pytest.approx(alone["snc"])


def test_factors_without_a_latent_and_unknown_values():
    z, v = made.good_code(300, noise=0.02, sizes=(2, 2, 3))
    score = metrics.snc_nk(z[:, :2], v)
    assert (
        np.isnan(score.parts["latent"]).sum() == np.isnan(score.parts["snc_per_factor"]).sum() == 1
    )
    assert "1 factors are left without a latent" in score.reason
    holes = v.astype(float)
    holes[::3, 0] = np.nan
    assert metrics.snc_nk(z, holes).parts["accuracy"] > 0.95


def test_noise_is_chance():
    v = made.factors(900, sizes=(2, 4))
    parts = metrics.snc_nk(np.random.default_rng(0).standard_normal((900, 3)), v).parts
    np.testing.assert_allclose(parts["snc_per_factor"], [1 / 2, 1 / 4], atol=0.08)
    assert abs(parts["nk"]) < 0.1
