import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics


def test_a_perfect_code_is_minimal_and_sufficient():
    v = made.whole_grid((3, 4)).repeat(20, 0)
    score = metrics.minimality_sufficiency(v, v)
    assert score.parts["minimality"] == score.value == pytest.approx(1, abs=1e-3)
    assert score.parts["sufficiency"] == pytest.approx(1, abs=1e-2)
    np.testing.assert_allclose(score.parts["information"], np.log([3, 4]), atol=0.02)


def test_two_factors_in_one_latent_halve_minimality_and_not_sufficiency():
    v = made.whole_grid((2, 2)).repeat(50, 0)
    score = metrics.minimality_sufficiency(v[:, :1] + 2.0 * v[:, 1:], v)
    assert score.value == pytest.approx(0.5, abs=0.02)
    assert score.parts["sufficiency"] == pytest.approx(1, abs=0.02)


def test_a_factor_split_over_two_latents_is_minimal_and_not_sufficient():
    v = made.factors(800, sizes=(4,))
    score = metrics.minimality_sufficiency(np.hstack([v // 2, v % 2]).astype(float), v)
    assert score.value == pytest.approx(1, abs=0.02)
    assert score.parts["sufficiency"] == pytest.approx(0.5, abs=0.02)


def test_information_of_a_gaussian_code_in_closed_form():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4000, 1))
    sign = (z > 0).astype(int)
    log_var = np.full(z.shape, np.log(0.25))
    score = metrics.minimality_sufficiency(z, sign, log_var=log_var)
    assert score.parts["information"][0] == pytest.approx(0.5 * np.log(1 + 1 / 0.25), abs=0.05)
    grid = np.linspace(-8, 8, 8001)
    marginal = np.exp(-0.5 * grid**2 / 1.25) / np.sqrt(2 * np.pi * 1.25)
    from scipy.special import ndtr

    chance = ndtr(
        grid / 1.25 * 1.25**0.5 / 0.5
    )  # p(v = 1 | z): posterior of the mean is N(z / 1.25, 1 / 5)
    doubt = (
        -(
            marginal
            * (chance * np.log(chance + 1e-300) + (1 - chance) * np.log(1 - chance + 1e-300))
        ).sum()
        * 0.002
    )
    assert score.matrix[0, 0] == pytest.approx(np.log(2) - doubt, abs=0.03)
    values = [
        metrics.minimality_sufficiency(z, sign, log_var=log_var, seed=seed).value
        for seed in range(8)
    ]
    assert np.mean(values) == pytest.approx(
        (np.log(2) - doubt) / (0.5 * np.log(5)), abs=0.04
    )  # each is off by 0.02


def test_factors_that_depend_on_each_other_cost_nothing():
    rng = np.random.default_rng(0)
    first = rng.integers(3, size=1500)
    second = np.where(rng.random(1500) < 0.8, first, rng.integers(3, size=1500))
    v = np.stack([first, second], 1)
    score = metrics.minimality_sufficiency(v, v)
    assert min(score.parts["minimality"], score.parts["sufficiency"]) > 0.98
    assert metrics.modularity(v, v).value < 0.9


def test_fault_noise_of_fixed_size_makes_the_score_depend_on_the_units():
    z, v = made.good_code(600)
    fixed = np.full(z.shape, np.log(0.01))
    small = [
        metrics.minimality_sufficiency(c * z, v, log_var=fixed).parts["sufficiency"]
        for c in (1.0, 0.05)
    ]
    assert small[0] - small[1] > 0.3
    own = [metrics.minimality_sufficiency(c * z, v).parts["sufficiency"] for c in (1.0, 0.05)]
    assert own[0] == pytest.approx(own[1], abs=1e-9)


def test_a_latent_that_says_nothing_is_nan_and_noise_is_0():
    z, v = made.good_code(600)
    wide = np.full((600, 5), np.log(0.01))
    wide[:, 4] = 0.0
    silent = np.hstack([z, 1e-3 * np.random.default_rng(0).standard_normal((600, 1))])
    score = metrics.minimality_sufficiency(silent, v, log_var=wide)
    assert math.isnan(score.parts["minimality_per_latent"][4])
    assert "latents 4 say nothing" in score.reason
    noise = metrics.minimality_sufficiency(
        np.random.default_rng(0).standard_normal((2000, 3)), v.repeat(4, 0)[:2000]
    )
    assert noise.value < 0.05


def test_unknown_values_and_weights():
    z, v = made.good_code(400)
    holes = v.astype(float)
    holes[::3, 1] = np.nan
    plain, partial = metrics.minimality_sufficiency(z, v), metrics.minimality_sufficiency(z, holes)
    assert partial.value == pytest.approx(plain.value, abs=0.03)
    half = np.where(np.arange(400) < 200, 1.0, 0.0)
    weighted = metrics.minimality_sufficiency(z, v, weights=half)
    assert weighted.value == pytest.approx(
        metrics.minimality_sufficiency(z[:200], v[:200]).value, abs=0.03
    )


def test_bad_noise():
    with pytest.raises(ValueError, match="above 0"):
        metrics.minimality_sufficiency(*made.good_code(50), noise=0.0)
