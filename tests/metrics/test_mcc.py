import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics.estimators.correlations import ranks


def test_by_hand():
    v = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 25, float)
    a, b = v.T
    z = np.stack([a + b, 3 * a - b], 1)
    # corr(a + b, a) = 1 / sqrt(2), and so for b; corr(3a - b, a) = 3 / sqrt(10), corr(3a - b, b) = -1 / sqrt(10)
    score = metrics.mcc(z, v)
    np.testing.assert_allclose(
        score.matrix, [[0.5**0.5, 0.5**0.5], [0.9**0.5, 0.1**0.5]], atol=1e-12
    )
    assert score.value == pytest.approx((0.9**0.5 + 0.5**0.5) / 2, abs=1e-12)
    assert list(score.parts["best"]) == [1, 0]


def test_each_latent_stands_for_one_factor():
    # the first latent is best for both; the sum is largest when the second factor keeps it
    v = made.scaled(made.whole_grid((4, 4)).astype(float))
    z = np.stack([0.9 * v[:, 0] + v[:, 1], v[:, 0]], 1)
    assert list(metrics.mcc(z, v).parts["best"]) == [1, 0]


def test_spearman_is_1_for_any_monotone_code():
    v = made.whole_grid((6, 7)).repeat(2, 0)
    z = np.stack([np.exp(2.0 * v[:, 1]), -(v[:, 0] ** 3.0)], 1)
    score = metrics.mcc(z, v, correlation="spearman")
    assert score.value == pytest.approx(1, abs=1e-12)
    assert score.parts["spearman"] == score.value
    assert score.parts["pearson"] == pytest.approx(metrics.mcc(z, v).value)
    assert score.parts["pearson"] < 0.9


def test_ranks_agree_with_scipy():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    z, v = rng.integers(6, size=(80, 2)).astype(float), rng.integers(4, size=(80, 2))
    matrix = metrics.mcc(z, v, correlation="spearman").matrix
    for j in range(2):
        for k in range(2):
            assert matrix[j, k] == pytest.approx(
                abs(spearmanr(z[:, j], v[:, k]).statistic), abs=1e-12
            )


def test_a_weight_of_2_is_a_row_twice():
    z, v = made.good_code(100, noise=0.8)
    twice = np.concatenate([np.arange(100), np.arange(30)])
    w = np.where(np.arange(100) < 30, 2.0, 1.0)
    for correlation in ("pearson", "spearman"):
        weighted = metrics.mcc(z, v, weights=w, correlation=correlation)
        assert weighted.value == pytest.approx(
            metrics.mcc(z[twice], v[twice], correlation=correlation).value, abs=1e-12
        )
    np.testing.assert_allclose(ranks(z, w), ranks(z[twice])[:100])


def test_unknown_factor_values_are_left_out_of_their_factor():
    z, v = made.good_code(200, noise=0.5)
    holes = v.astype(float)
    holes[:80, 1] = np.nan
    for correlation in ("pearson", "spearman"):
        matrix = metrics.mcc(z, holes, correlation=correlation).matrix
        np.testing.assert_allclose(
            matrix[:, 1], metrics.mcc(z[80:], v[80:], correlation=correlation).matrix[:, 1]
        )
        np.testing.assert_allclose(
            matrix[:, 0], metrics.mcc(z, v, correlation=correlation).matrix[:, 0]
        )


def test_fault_slowvae_counts_spare_latents_against_the_code():
    z, v = made.good_code(2000, noise=0.0)
    spare = np.hstack([z, np.random.default_rng(0).standard_normal((2000, 4))])
    assert metrics.mcc(spare, v).value == pytest.approx(1, abs=1e-9)
    padded = np.hstack([v, np.random.default_rng(1).standard_normal((2000, 4))])
    assert metrics.mcc(spare, padded).value < 0.6, (
        "factors filled up with noise, as that code does it"
    )


def test_a_factor_without_a_latent_counts_0():
    z, v = made.good_code(400, noise=0.0)
    score = metrics.mcc(z[:, :3], v)
    assert score.value == pytest.approx(0.75, abs=1e-9)
    assert math.isnan(score.parts["best"][3])
    assert score.reason.startswith("1 factors are left without a latent")


def test_noise_scores_the_null_floor_and_a_rotation_far_above_it():
    v = made.factors(1000)
    score = metrics.mcc(np.random.default_rng(0).standard_normal((1000, 10)), v)
    assert score.value == pytest.approx(score.null, abs=0.02)
    assert 0.02 < score.null < (2 * np.log(10) / 1000) ** 0.5
    assert 0.5 < metrics.mcc(*made.good_code(1000)).rotated < 0.95


def test_bad_correlation():
    with pytest.raises(ValueError, match="pearson, spearman"):
        metrics.mcc(*made.good_code(50), correlation="kendall")
