import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics.estimators.regressions import kernel_ridge, least_squares


def test_affine_codes_score_1():
    v = made.factors(300).astype(float)
    z = v @ np.random.default_rng(0).standard_normal((4, 6)) + 3
    assert metrics.r2(z, v).value == pytest.approx(1, abs=1e-12)


def test_by_hand():
    # z = v + e with Var v = 1 and Var e = 1/4 explains 1 / (1 + 1/4) of v
    rng = np.random.default_rng(0)
    v = rng.standard_normal((20_000, 2))
    score = metrics.r2(v + 0.5 * rng.standard_normal(v.shape), v)
    assert score.value == pytest.approx(0.8, abs=0.02)
    np.testing.assert_allclose(score.parts["linear_per_factor"], 0.8, atol=0.02)
    assert score.null < 0.001


def test_a_plane_by_hand():
    z, v = np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [0.0], [3.0]])
    np.testing.assert_allclose(least_squares(z, v, np.ones(3), np.array([[4.0]])), [[5.5]])
    np.testing.assert_allclose(
        least_squares(z, v, np.array([1.0, 1.0, 0.0]), np.array([[4.0]])), [[0]], atol=1e-12
    )


def test_bent_codes_are_explained_by_the_kernel_only():
    v = np.random.default_rng(0).uniform(-2, 2, (900, 1))
    z = np.hstack([np.cos(2 * v), np.sin(2 * v)]) * (1 + 0.2 * v)
    score = metrics.r2(z, v)
    assert score.value == score.parts["linear"] < 0.5
    assert score.parts["kernel"] > 0.97
    kernel = metrics.r2(z, v, kind="kernel")
    assert kernel.value == score.parts["kernel"]
    assert "ask with --calibrate (calibrate=True)" in kernel.reason


def test_kernel_of_noise_is_near_0():
    z = np.random.default_rng(0).standard_normal((600, 3))
    assert metrics.r2(z, made.factors(600)).parts["kernel"] < 0.02


def test_leave_one_out_is_that_of_fitting_again():
    rng = np.random.default_rng(0)
    z, new = rng.standard_normal((12, 2)), rng.standard_normal((5, 2))
    v = np.sin(z[:, :1]) + 0.1 * rng.standard_normal((12, 1))
    squared = ((z[:, None] - z) ** 2).sum(-1)
    width = np.median(squared[np.triu_indices(12, 1)])
    gram = np.exp(-squared / (2 * width))
    centred, errors = v - v.mean(), []
    penalties = 12 * 10.0 ** np.arange(-5, 2)
    for penalty in penalties:
        left_out = []
        for i in range(12):
            rest = np.delete(np.arange(12), i)
            solved = np.linalg.solve(gram[np.ix_(rest, rest)] + penalty * np.eye(11), centred[rest])
            left_out.append(centred[i] - gram[i, rest] @ solved)
        errors.append(np.mean(np.square(left_out)))
    best = penalties[int(np.argmin(errors))]
    across = np.exp(-((new[:, None] - z) ** 2).sum(-1) / (2 * width))
    expected = across @ np.linalg.solve(gram + best * np.eye(12), centred) + v.mean()
    np.testing.assert_allclose(kernel_ridge(z, v, np.ones(12), new), expected, atol=1e-9)


def test_unknown_values_and_a_factor_that_stands_still_in_the_test_rows():
    z, v = made.good_code(300)
    holes = v.astype(float)
    holes[::3, 2] = np.nan
    assert metrics.r2(z, holes).value > 0.97
    still = v[200:].copy()
    still[:, 0] = 1
    score = metrics.r2(z[:200], v[:200], test=(z[200:], still))
    assert math.isnan(score.parts["linear_per_factor"][0])
    assert "does not vary" in score.reason
    assert score.value > 0.97


def test_bad_kind():
    with pytest.raises(ValueError, match="kernel, linear"):
        metrics.r2(*made.good_code(50), kind="quadratic")
