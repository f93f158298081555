"""Known answers of the metrics that read the matrix of mutual information."""

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from tests.metrics import made

from unweave import metrics

PERFECT = made.whole_grid((4, 4, 4)).repeat(30, 0)


@pytest.mark.parametrize(
    "name", ["mig", "mig_sup", "dcimig", "jemmig", "modularity", "med", "infomec"]
)
def test_a_code_that_is_the_factors_scores_1(name):
    score = metrics.get(name)(PERFECT, PERFECT)
    assert score.value == pytest.approx(1, abs=0.01)
    if name == "infomec":
        assert score.parts["InfoC"] == pytest.approx(1, abs=0.01)


def test_modularity_by_hand():
    code = np.stack([PERFECT[:, 0], PERFECT[:, 0] // 2 * 2 + PERFECT[:, 1] // 2], 1)
    # the second latent knows one bit of each of two factors: 1 - 1 / (K - 1) = 1/2 of three factors
    score = metrics.modularity(code, PERFECT, protocol="dlib")
    np.testing.assert_allclose(score.parts["modularity"], [1, 0.5], atol=1e-9)
    assert score.value == pytest.approx(0.75)


def test_mig_sup_and_dcimig_and_med_by_hand():
    v = PERFECT[:, :2]
    code = np.stack([v[:, 0], v[:, 1] // 2], 1)
    assert metrics.mig_sup(code, v, protocol="laforge").value == pytest.approx(1)
    own = metrics.mig_sup(code, v)
    np.testing.assert_allclose(own.parts["gap"], [1, 0.5], atol=0.01)
    credit = metrics.dcimig(code, v, protocol="laforge")
    np.testing.assert_allclose(credit.parts["credit"], [np.log(4), np.log(2)], atol=1e-9)
    assert credit.value == pytest.approx(0.75)
    assert metrics.med(code, v).value == pytest.approx(1, abs=0.01)


def test_copies_do_not_lower_dcimig_nor_mig_sup():
    twice = np.hstack([PERFECT, PERFECT])
    assert metrics.dcimig(twice, PERFECT).value == pytest.approx(1, abs=0.01)
    assert metrics.mig_sup(twice, PERFECT).value == pytest.approx(1, abs=0.01)
    assert metrics.jemmig(twice, PERFECT).value == pytest.approx(0.5, abs=0.02)


def test_jemmig_by_hand():
    v = np.array([[0], [1]] * 50)
    z = np.hstack([v, np.array([[0], [0], [1], [1]] * 25)])
    score = metrics.jemmig(z, v, protocol="laforge")
    # H(z1, v) = log 2, I(z1; v) = log 2, I(z2; v) = 0
    assert score.parts["jemmig"][0] == pytest.approx(0, abs=1e-12)
    assert score.value == pytest.approx(1)
    # a second latent that is the same: I(z2; v) = log 2 = JEMMIG, out of H(v) + log 10 bins, or log 2 categories
    same = metrics.jemmig(np.hstack([v, 1 - v]), v, protocol="laforge")
    assert same.parts["jemmig"][0] == pytest.approx(np.log(2))
    assert same.value == pytest.approx(1 - np.log(2) / np.log(20))
    assert metrics.jemmig(np.hstack([v, 1 - v]), v).value == pytest.approx(0.5, abs=0.01)


def test_infomec_by_hand():
    v = PERFECT[:, :2]
    mixed = v[:, 0] // 2 * 2 + v[:, 1] // 2
    score = metrics.infomec(np.stack([v[:, 0], mixed], 1), v)
    # M = [[1, 0], [1/2, 1/2]]: shares of latents 1 and 1/2; of factors 2/3 and 1; rescaled from [1/2, 1]
    np.testing.assert_allclose(score.matrix, [[1, 0], [0.5, 0.5]], atol=0.01)
    np.testing.assert_allclose(score.parts["InfoM_per_latent"], [1, 0], atol=0.02)
    np.testing.assert_allclose(score.parts["InfoC_per_factor"], [1 / 3, 1], atol=0.02)
    interval = score.parts["intervals"]["InfoC"]
    assert interval["low"] == pytest.approx(2 / 3, abs=0.01)
    assert interval["error"] < 0.01


def test_infoe_is_1_for_a_legible_code_and_0_for_noise():
    v = made.factors(2000, sizes=(2, 2))
    assert metrics.infomec(v * 10.0, v).parts["InfoE"] > 0.97
    noise = np.random.default_rng(0).standard_normal((2000, 2))
    assert metrics.infomec(noise, v).parts["InfoE"] < 0.01


def test_fault_infomec_gives_noise_a_high_score():
    rng = np.random.default_rng(0)
    v, noise = made.factors(400), rng.standard_normal((400, 4))
    official = metrics.infomec(noise, v, protocol="infomec")
    assert np.nanmean(official.parts["InfoM_per_latent"]) > 0.45
    assert official.estimator.startswith("10 nearest neighbours")
    assert metrics.infomec(noise, v).value < 0.45


def test_infomec_prunes_as_the_authors_do():
    z, v = made.good_code(300)
    code = np.hstack([z, 0.001 * np.random.default_rng(0).standard_normal((300, 2))])
    score = metrics.infomec(code, v, protocol="infomec")
    assert "4 of 6 latents active" in score.estimator
    assert np.isnan(score.parts["InfoM_per_latent"][4:]).all()
    assert score.value > 0.85


def test_infomec_takes_the_plain_log_loss_of_a_balanced_regression():
    rng = np.random.default_rng(0)
    v = (rng.random((400, 1)) < 0.15).astype(int)
    z = v + 0.8 * rng.standard_normal((400, 2))
    scaled = (z - z.mean(0)) / z.std(0)
    model = LogisticRegression(C=np.inf, class_weight="balanced", max_iter=100).fit(scaled, v[:, 0])
    want = 1 - log_loss(v[:, 0], model.predict_proba(scaled)) / np.log(2)
    assert metrics.infomec(z, v, protocol="infomec").parts["InfoE"] == pytest.approx(want, abs=1e-3)


def test_infomec_of_discrete_codes_counts_and_has_a_column_for_every_value():
    code = PERFECT[:, :2]
    v = code % [2, 4]  # whether the first latent is odd: its values tell, their order does not
    told = metrics.infomec(code, v, protocol="infomec", discrete=True)
    assert told.estimator == "plug-in mutual information of discrete codes"
    assert told.value == pytest.approx(1)
    assert told.parts["InfoE"] > 0.99
    numbers = metrics.infomec(code, v, protocol="infomec")
    assert numbers.estimator.startswith("10 nearest neighbours"), (
        "few values are no sign of discrete codes"
    )
    assert numbers.parts["InfoE"] < 0.7
    assert (
        metrics.infomec(code, v, discrete=True).parts["InfoE"]
        > metrics.infomec(code, v).parts["InfoE"] + 0.3
    )


def test_infomec_counts_an_active_latent_of_no_information_in_infoc_and_leaves_infom_undefined():
    v = PERFECT[:, :2]
    silent = np.arange(len(v)) % 2  # every combination of factors is there 30 times in turn
    score = metrics.infomec(np.column_stack([v, silent]), v, protocol="infomec", discrete=True)
    assert score.matrix[2] == pytest.approx([0, 0], abs=1e-12)
    assert score.parts["InfoC"] == pytest.approx(1)
    assert math.isnan(score.value)
    assert "0 / 0" in score.reason
    halves = np.column_stack([v[:, 0], v[:, 0] // 2, silent, v[:, 1]])
    # of factor 1 the shares are 2/3 and 1/3 among four latents, of factor 2 all is in one
    compact = metrics.infomec(halves, v, protocol="infomec", discrete=True).parts[
        "InfoC_per_factor"
    ]
    np.testing.assert_allclose(compact, [(2 / 3 - 1 / 4) / (3 / 4), 1], atol=1e-9)


def test_top_k_med_keeps_the_most_disentangled_latents():
    z, v = made.good_code(1000)
    blurred = made.turned(z, 45)
    wide = np.hstack([z, blurred])
    assert metrics.med(wide, v, top=1).value == pytest.approx(metrics.med(z, v).value, abs=0.02)
    assert metrics.med(wide, v).value < metrics.med(wide, v, top=1).value - 0.1
    with pytest.raises(ValueError, match="at least 1"):
        metrics.med(z, v, top=0)


def test_rmig_counts_the_noise_of_the_encoder():
    v = made.factors(1500, sizes=(2, 3))
    mean = made.scaled(v)
    sharp = metrics.rmig(mean, v, log_var=np.full(v.shape, -12.0))
    blurred = metrics.rmig(mean, v, log_var=np.zeros(v.shape))
    assert sharp.value > 0.98
    assert blurred.value < 0.6
    # one bit sent as +-1 through noise of variance 1: I = 0.3367 nats (0.4859 bits)
    bit = np.array([[-1.0], [1.0]]).repeat(500, 0)
    channel = metrics.rmig(
        np.hstack([bit, 0 * bit + [[0.5], [0.7]] * 500]), bit, log_var=np.zeros((1000, 2))
    )
    assert channel.matrix[0, 0] == pytest.approx(0.3367, abs=0.002)
    assert "no log_var" in metrics.rmig(mean, v).estimator
