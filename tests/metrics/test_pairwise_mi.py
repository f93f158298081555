import math

import numpy as np
import pytest

from unweave import metrics

BITS = np.stack([np.arange(4) // 2, np.arange(4) % 2], 1).repeat(100, 0)


def test_a_copy_and_a_stranger_by_hand():
    z = np.hstack([BITS, BITS[:, :1]])
    score = metrics.pairwise_mi(z, protocol="dlib")
    assert score.value == pytest.approx(math.log(2) / 3, abs=1e-12)
    want = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]]) * math.log(2)
    np.testing.assert_allclose(score.matrix, want, atol=1e-12)


def test_it_is_blind_to_three_latents_that_determine_each_other():
    z = np.hstack([BITS, (BITS[:, :1] + BITS[:, 1:]) % 2])
    assert metrics.pairwise_mi(z).value == pytest.approx(0, abs=1e-12)
    assert metrics.dhsic(z).value > 0.01


def test_noise_scores_near_0_where_the_plug_in_estimate_does_not():
    z = np.random.default_rng(0).standard_normal((2000, 4))
    assert metrics.pairwise_mi(z).value < 0.03
    assert metrics.pairwise_mi(z, protocol="dlib").value > 0.06


def test_undefined_says_why():
    z = np.random.default_rng(0).standard_normal((15, 2))
    assert "fewer than 20 bins" in metrics.pairwise_mi(z).reason
    assert "one latent" in metrics.pairwise_mi(z[:, :1]).reason
