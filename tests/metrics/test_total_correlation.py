import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics.scores.total_correlation import gaussian_bias


def with_covariance(c: np.ndarray, n: int = 500) -> np.ndarray:
    """Codes (n, D) whose sample covariance is exactly c."""
    z = np.random.default_rng(0).standard_normal((n, len(c)))
    white = (z - z.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z, rowvar=False))).T
    return white @ np.linalg.cholesky(c).T


def test_two_latents_in_closed_form():
    z = with_covariance(np.array([[1.0, 0.6], [0.6, 1.0]]))
    plug_in = metrics.total_correlation(z, protocol="dlib")
    assert plug_in.value == pytest.approx(-0.5 * math.log(1 - 0.36), abs=1e-12)
    assert metrics.total_correlation(z).value == pytest.approx(
        plug_in.value - gaussian_bias(2, 500.0), abs=1e-12
    )
    np.testing.assert_allclose(plug_in.matrix, [[1, 0.6], [0.6, 1]], atol=1e-12)


def test_samples_of_the_posteriors_are_less_dependent_than_their_means():
    z = with_covariance(np.array([[1.0, 0.6], [0.6, 1.0]]))
    score = metrics.total_correlation(z, log_var=np.zeros(z.shape), protocol="dlib", form="sampled")
    assert score.value == pytest.approx(-0.5 * math.log(1 - 0.3**2), abs=1e-12)
    assert "log_var" in metrics.total_correlation(z, form="sampled").reason


def test_the_bias_of_independent_gaussians_is_what_is_taken_off():
    rng = np.random.default_rng(0)
    noise = [
        metrics.total_correlation.measure(table(rng.standard_normal((60, 5)))).value
        for _ in range(300)
    ]
    assert np.mean(noise) == pytest.approx(
        gaussian_bias(5, 60.0), abs=4 * np.std(noise) / math.sqrt(300)
    )
    assert gaussian_bias(5, 60.0) == pytest.approx(5 * 4 / (4 * 60), rel=0.1)


def table(z: np.ndarray) -> metrics.Table:
    return metrics.Table.of(z, protocol="dlib")


def test_factors_beside_the_codes_change_nothing():
    z, v = made.good_code(400)
    alone, beside = metrics.total_correlation(z), metrics.total_correlation(z, v)
    assert beside.to_dict() == alone.to_dict() | {"reason": "not used: factors"}
    assert beside.null < 0.01


@pytest.mark.parametrize(
    ("z", "protocol", "reason"),
    [
        (np.random.default_rng(0).standard_normal((50, 1)), "unweave", "one latent"),
        (np.random.default_rng(0).standard_normal((50, 2))[:, [0, 1, 0]], "unweave", "infinite"),
        (np.random.default_rng(0).standard_normal((5, 6)), "unweave", "too few"),
        (np.hstack([made.good_code(50)[0], np.full((50, 1), 0.3)]), "dlib", "never varies"),
        (np.ones((50, 2)), "unweave", "no latent varies"),
    ],
)
def test_undefined_says_why(z, protocol, reason):
    score = metrics.total_correlation(z, protocol=protocol)
    assert math.isnan(score.value)
    assert reason in score.reason


def test_dead_latents_are_left_out_of_the_value_and_nan_in_the_matrix():
    z = made.good_code(300)[0]
    score = metrics.total_correlation(np.insert(z, 1, 0.5, axis=1))
    assert score.value == pytest.approx(metrics.total_correlation(z).value, abs=1e-12)
    assert np.isnan(score.matrix[1]).all()
    assert score.matrix[2, 2] == pytest.approx(1)


def test_a_form_it_does_not_have():
    with pytest.raises(ValueError, match="did you mean 'sampled'"):
        metrics.total_correlation(made.good_code(50)[0], form="samples")
