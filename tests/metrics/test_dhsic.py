import numpy as np
import pytest

from unweave import metrics
from unweave.metrics.scores.dhsic import gaussian_kernel


def test_two_latents_are_the_hsic_of_gretton():
    z = np.random.default_rng(0).standard_normal((50, 2))
    k, h = [gaussian_kernel(column) for column in z.T], np.eye(50) - 1 / 50
    assert metrics.dhsic(z).value == pytest.approx(np.trace(k[0] @ h @ k[1] @ h) / 50**2, abs=1e-14)


def test_a_copied_bit_by_hand():
    z = np.array([[0.0, 0.0], [1.0, 1.0]]).repeat(20, 0)
    e = np.exp(-1)  # the kernel of two bits that differ
    # mean of k^2 + (mean of k)^2 - 2 (mean of k)^2, with k 1 or e
    assert metrics.dhsic(z).value == pytest.approx((1 + e**2) / 2 - ((1 + e) / 2) ** 2, abs=1e-12)


def test_dependence_stands_above_the_null_floor():
    z = np.random.default_rng(0).standard_normal((400, 3))
    noise = metrics.dhsic(z, calibrate=True)
    assert noise.value < 2 * noise.null
    bent = metrics.dhsic(np.stack([z[:, 0], z[:, 0] ** 2, z[:, 2]], 1), calibrate=True)
    assert bent.value > 5 * bent.null


def test_undefined_says_why():
    z = np.random.default_rng(0).standard_normal((7, 4))
    assert "fewer than twice" in metrics.dhsic(z).reason
    assert "one latent" in metrics.dhsic(z[:, :1]).reason
