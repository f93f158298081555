"""What MED makes of latents and factors that share nothing."""

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics


def partly_trained(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three latents know two of five factors, entangled; seven latents are noise."""
    rng = np.random.default_rng(seed)
    v = made.factors(n, seed, (3, 6, 40, 32, 32))
    z = rng.standard_normal((n, 10))
    z[:, :3] = made.turned(made.scaled(v), 45)[:, [3, 2, 1]] + 0.5 * z[:, :3]
    return z, v


def test_noise_is_no_floor_above_a_code_that_knows_something():
    score = metrics.med(*partly_trained(2000))
    assert 0.1 < score.value < 0.6
    assert score.null == pytest.approx(0, abs=1e-9)


def test_a_factor_that_no_latent_knows_does_not_count():
    v = made.factors(2000, sizes=(3, 6, 40, 32, 32))
    z = np.random.default_rng(0).standard_normal((2000, 10))
    z[:, :2] = made.scaled(v)[:, 3:] + 0.5 * z[:, :2]
    score = metrics.med(z, v)
    assert score.value > 0.95, "two latents, each of one factor"
    assert score.low > 0.9
    assert np.isnan(score.parts["disentanglement"][2:]).all()


def test_a_code_that_knows_nothing_is_0_and_says_so():
    rng = np.random.default_rng(0)
    score = metrics.med(rng.standard_normal((1000, 4)), made.factors(1000))
    assert score.value == 0
    assert "than chance" in score.reason
