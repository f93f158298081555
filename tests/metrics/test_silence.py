"""What says nothing by its KL is left out of every metric alike, however its means are standardised."""

import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.evaluation.evaluate import evaluate
from unweave.metrics.scores.udr import LITERAL
from unweave.metrics.tables.notes import notes
from unweave.metrics.tables.silence import ACTIVE, VARIANCE, mean_kl

READS_CODES = [
    name
    for name in metrics.names()
    if metrics.get(name).declares.tables in ("rows", "groups", "pairs", "codes")
]


def collapsed(n: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means that hold the factors, a hundredth of their posteriors' deviation: a KL of .00005 nats for each latent."""
    z, v = made.good_code(n)
    return 0.01 * z, v, np.zeros(z.shape)


def half_collapsed(n: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two latents of several nats, each of a factor, and the same code once more as means that say nothing."""
    z, v = made.good_code(n)
    code = np.hstack([z[:, :2], 0.01 * z])
    return code, v, np.tile([-5.0, -5.0, 0, 0, 0, 0], (n, 1))


@pytest.mark.parametrize("name", [name for name in READS_CODES if name != "active_latents"])
def test_a_collapsed_code_has_no_score_and_says_why(name):
    z, v, log_var = collapsed()
    score = metrics.get(name)(z, v, log_var=log_var)
    assert math.isnan(score.value)
    assert (
        score.reason
        == f"the code says nothing: no latent has a KL above {ACTIVE} nats, all together 0.0002"
    )


@pytest.mark.parametrize(
    "name", ["explicitness", "sap", "modularity", "factor_vae_score", "mcc", "total_correlation"]
)
def test_silent_latents_move_nothing(name):
    z, v, log_var = half_collapsed()
    whole = metrics.get(name)(z, v, log_var=log_var)
    alone = metrics.get(name)(z[:, :2], v, log_var=log_var[:, :2])
    assert whole.value == pytest.approx(alone.value, abs=1e-12)
    assert "latents 2, 3, 4, 5 say nothing" in whole.reason
    assert all(np.isnan(part[2:]).all() for part in whole.parts.values() if np.shape(part) == (6,))


def test_without_log_var_a_latent_of_small_numbers_counts():
    z, v, _ = half_collapsed()
    assert metrics.explicitness(z, v).value > metrics.explicitness(z[:, :2], v).value + 0.1


def test_active_latents_counts_and_shows_the_silent_ones():
    z, _, log_var = half_collapsed()
    score = metrics.active_latents(z, log_var=log_var)
    assert score.value == 2
    np.testing.assert_allclose(score.parts["kl"], mean_kl(z, log_var))
    z, _, log_var = collapsed()
    assert metrics.active_latents(z, log_var=log_var).value == 0


def test_protocols_of_others_count_every_latent():
    z, v, log_var = collapsed()
    assert metrics.mig(z, v, log_var=log_var, protocol="dlib").value > 0.5


def test_evaluate_says_it_once():
    z, v, log_var = half_collapsed()
    scores = evaluate((z, v), ["sap", "modularity", "mcc", "active_latents"], log_var=log_var)
    above, others = notes(scores)
    assert above == [f"latents 2, 3, 4, 5 say nothing (KL up to {ACTIVE} nats) and are left out"]
    assert not any("say nothing" in note for note in others)


def test_a_latent_of_two_hundredths_of_a_nat_is_not_active():
    deviation = np.sqrt(2 * 0.02)
    z = deviation * np.array([[1.0], [-1.0]]).repeat(50, 0)
    assert mean_kl(z, np.zeros(z.shape))[0] == pytest.approx(0.02)
    assert ACTIVE == 0.05
    assert metrics.active_latents(z, log_var=np.zeros(z.shape)).value == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("active_latents", f"threshold: {ACTIVE} nats or a variance of {VARIANCE} by default"),
        ("minimality_sufficiency", f"I(z_j; x) is at most {ACTIVE} nats"),
        ("udr", f"({ACTIVE} by default, the authors' {LITERAL} under"),
    ],
)
def test_a_page_of_a_metric_says_the_threshold_that_it_reads(name, words):
    assert words in metrics.get(name).__doc__


def test_vector_latents_sum_their_kl():
    z = np.ones((10, 2, 3))
    np.testing.assert_allclose(mean_kl(z, np.zeros(z.shape)), [1.5, 1.5])
