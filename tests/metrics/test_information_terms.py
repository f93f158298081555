import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from unweave import metrics


def test_separate_images_and_copied_latents_by_hand():
    z = np.array([[5.0, 5.0], [-5.0, -5.0]]).repeat(2, 0)
    score = metrics.information_terms(z, log_var=np.full(z.shape, math.log(0.01)))
    # two distinct posteriors: I(x; z) = log 2, each latent tells it, so TC = log 2
    assert score.parts["mutual_information"] == pytest.approx(math.log(2), abs=1e-9)
    assert score.value == score.parts["total_correlation"] == pytest.approx(math.log(2), abs=1e-9)
    np.testing.assert_allclose(score.parts["information"], math.log(2), atol=1e-9)
    np.testing.assert_allclose(score.parts["kl_per_latent"], 0.5 * (25 + 0.01 - math.log(0.01) - 1))


def test_against_integration_of_a_mixture():
    mean, sd = np.array([-1.0, 0.2, 0.7]), np.array([0.5, 0.8, 0.3])
    z, log_var = np.tile(mean, 3000)[:, None], np.tile(2 * np.log(sd), 3000)[:, None]
    score = metrics.information_terms(z, log_var=log_var)

    def mixture(x):
        return norm.pdf(x, mean, sd).mean()

    entropy = quad(lambda x: -mixture(x) * math.log(mixture(x)), -6, 6)[0]
    mutual = entropy - np.log(sd * math.sqrt(2 * math.pi * math.e)).mean()
    to_prior = quad(lambda x: mixture(x) * (math.log(mixture(x)) - norm.logpdf(x)), -6, 6)[0]
    assert score.parts["mutual_information"] == pytest.approx(mutual, abs=0.05)
    assert score.parts["dimension_kl"] == pytest.approx(to_prior, abs=0.05)
    assert score.value == pytest.approx(0, abs=1e-9), "one latent depends on no other"


def test_a_gaussian_channel_and_the_chain():
    rng = np.random.default_rng(0)
    s2 = np.array([0.5, 0.2, 1.0])
    z = rng.standard_normal((3000, 3)) * np.sqrt(1 - s2 + 1e-6)
    score = metrics.information_terms(z, log_var=np.log(s2) * np.ones(z.shape))
    np.testing.assert_allclose(score.parts["information"], -0.5 * np.log(s2), atol=0.06)
    np.testing.assert_allclose(score.parts["dimension_kl_per_latent"], 0, atol=0.06)
    total = sum(
        score.parts[name] for name in ("mutual_information", "total_correlation", "dimension_kl")
    )
    assert score.parts["kl"] == pytest.approx(total, abs=1e-12)
    assert score.parts["kl"] == pytest.approx(score.parts["kl_per_latent"].sum(), abs=0.15)


def test_a_note_at_the_ceiling_and_what_it_needs():
    z = np.random.default_rng(0).standard_normal((200, 4))
    sharp = metrics.information_terms(z, log_var=np.full(z.shape, -14.0))
    assert sharp.parts["mutual_information"] == pytest.approx(math.log(200), abs=1e-6)
    assert "at its ceiling log N = 5.3" in sharp.reason
    without = metrics.information_terms(z)
    assert math.isnan(without.value)
    assert "log_var" in without.reason


def test_weights_are_copies_of_rows():
    z = np.array([[-2.0], [2.0], [0.5]])
    log_var = np.zeros((3, 1))
    weighted = metrics.information_terms(z, log_var=log_var, weights=[2, 1, 1])
    rows = np.repeat([0, 0, 1, 2], 400)
    copied = metrics.information_terms(z[rows], log_var=log_var[rows])
    assert weighted.parts["mutual_information"] == pytest.approx(
        copied.parts["mutual_information"], abs=0.06
    )
