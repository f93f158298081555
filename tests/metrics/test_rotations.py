"""Random rotations of codes: one matrix for few latents, signs and cosine transforms for many."""

import numpy as np
import pytest

from unweave.metrics.tables import axes


@pytest.mark.parametrize("d", [1, 7, axes.WIDE, axes.WIDE + 1, 1000])
def test_a_rotation_is_orthogonal_and_the_same_for_each_table(d):
    z = np.random.default_rng(0).normal(size=(20, d))
    kept = z.copy()
    first, second = axes.rotated(z, z[:5], seed=3)
    np.testing.assert_array_equal(z, kept)
    np.testing.assert_allclose(first @ first.T, z @ z.T, atol=1e-9)
    np.testing.assert_allclose(second, first[:5], atol=1e-12)
    if d > 1:
        (other,) = axes.rotated(z, seed=4)
        assert np.abs(other - first).max() > 0.1


def test_a_rotation_of_many_latents_mixes_them_as_a_uniform_one_does():
    d = 1000
    (turn,) = axes.rotated(np.eye(d), seed=0)
    scaled = turn * np.sqrt(d)  # entries of a uniform rotation are nearly normal, of variance 1/d
    assert (scaled**4).mean() == pytest.approx(3, abs=0.05)
    assert np.abs(scaled).max() < 7
