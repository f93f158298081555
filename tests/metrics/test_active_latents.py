import math

import numpy as np
import pytest

from unweave import metrics
from unweave.metrics.tables.silence import ACTIVE

Z = np.array([[1.0, 0.05, 0.0, 0.3], [-1.0, -0.05, 0.001, 0.3]] * 10)


def test_by_variance_by_hand():
    score = metrics.active_latents(Z)
    np.testing.assert_allclose(score.parts["variance"][:2], [1, 0.0025])
    assert score.value == 1
    assert metrics.active_latents(Z, threshold=0.001).value == 2
    assert np.isnan(score.parts["active"][3]), "a latent that never varies is not counted"


def test_by_kl_by_hand():
    log_var = np.tile([0.0, -2.0, 0.0, 0.0], (20, 1))
    score = metrics.active_latents(Z, log_var=log_var)
    np.testing.assert_allclose(score.parts["kl"][:2], [0.5, 0.5 * (0.0025 + math.exp(-2) + 1)])
    assert score.value == 2
    assert score.estimator == f"kl above {ACTIVE} nats"
    assert metrics.active_latents(Z, log_var=log_var, by="variance").value == 1


def test_what_it_needs():
    assert "log_var" in metrics.active_latents(Z, by="kl").reason
    with pytest.raises(ValueError, match="by is"):
        metrics.active_latents(Z, by="mean")
