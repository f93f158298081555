import math

import numpy as np
import pytest
from tests.metrics.test_total_correlation import with_covariance

from unweave import metrics


def test_two_latents_in_closed_form():
    z = with_covariance(np.array([[1.0, 0.6], [0.6, 1.0]]))
    score = metrics.wasserstein_correlation(
        z, protocol="dlib"
    )  # plug-in: of exactly this covariance
    roots = math.sqrt(1.6) + math.sqrt(0.4)
    assert score.parts["wasserstein"] == pytest.approx(4 - 2 * roots, abs=1e-12)
    assert score.value == pytest.approx(2 - roots, abs=1e-12)
    corrected = metrics.wasserstein_correlation(z)
    assert corrected.value + corrected.bias == pytest.approx(2 - roots, abs=1e-12)


def test_copies_reach_the_highest_value():
    z = np.random.default_rng(0).standard_normal((100, 1)) * np.ones((1, 4))
    assert metrics.wasserstein_correlation(z).value == pytest.approx(2 - 2 / math.sqrt(4), abs=1e-6)


def test_a_small_latent_hardly_counts_unlike_in_total_correlation():
    z = with_covariance(np.array([[1.0, 0.06], [0.06, 0.01]]))
    small, even = (metrics.wasserstein_correlation(codes).value for codes in (z, z / z.std(0)))
    assert small < 0.1 * even
    assert metrics.total_correlation(z).value == pytest.approx(
        metrics.total_correlation(z / z.std(0)).value
    )


def test_samples_and_undefined():
    z = with_covariance(np.array([[1.0, 0.6], [0.6, 1.0]]))
    sampled = metrics.wasserstein_correlation(
        z, log_var=np.zeros(z.shape), form="sampled", protocol="dlib"
    )
    assert sampled.parts["wasserstein"] == pytest.approx(
        8 - 2 * (math.sqrt(4 * 1.3) + math.sqrt(4 * 0.7)), abs=1e-12
    )
    assert "log_var" in metrics.wasserstein_correlation(z, form="sampled").reason
    assert "one latent" in metrics.wasserstein_correlation(z[:, :1]).reason
    dead = metrics.wasserstein_correlation(np.hstack([z, np.zeros((500, 1))]), protocol="dlib")
    assert dead.value == pytest.approx(
        metrics.wasserstein_correlation(z, protocol="dlib").value, abs=1e-12
    )
