import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics


def test_what_a_line_reads_is_easy():
    v = made.factors(1000, sizes=(2, 2))
    parts = metrics.dci_es(v, v).parts
    assert parts["explicitness"] == pytest.approx(1, abs=1e-3)
    assert parts["informativeness"] == pytest.approx(1, abs=1e-3)
    assert metrics.dci_es(v, v).value == pytest.approx(1, abs=2e-3)


def test_what_a_line_cannot_read_is_harder():
    z = np.random.default_rng(0).uniform(-2, 2, (3000, 2))
    straight, bent = (z > 0).astype(int), (np.sin(4 * z) > 0).astype(int)
    easy, hard = metrics.dci_es(z, straight).parts, metrics.dci_es(z, bent).parts
    assert hard["informativeness"] > 0.4
    assert hard["explicitness"] < easy["explicitness"] - 0.2


def test_area_by_hand(monkeypatch):
    from importlib import import_module

    module = import_module("unweave.metrics.scores.dci_es")
    losses = np.array([1.0, 1.0, 0.6, 0.6, 0.2, 0.2, 0.2, 0.2])
    monkeypatch.setattr(module, "_losses", lambda *given: losses)
    z, v = made.good_code(60)
    steps = np.diff(np.log(4 + np.array([0, 8, 16, 32, 64, 128, 256, 512])))
    area = 0.8 * steps[0] + 0.6 * steps[1] + 0.4 * steps[2] + 0.2 * steps[3]
    score = metrics.dci_es(z, v)
    assert score.parts["explicitness"] == pytest.approx(1 - 2 * area / np.log(516 / 4), abs=1e-12)
    assert score.parts["informativeness"] == pytest.approx(0.8)
    assert score.value == pytest.approx(score.parts["explicitness"] * 0.8)


def test_fault_explicitness_of_noise_is_1_and_the_value_is_not():
    v = made.factors(1000, sizes=(3, 4))
    score = metrics.dci_es(np.random.default_rng(0).standard_normal((1000, 6)), v)
    assert score.parts["explicitness"] > 0.9
    assert score.value < 0.03


def test_size_counts_all_latents_that_were_given():
    z, v = made.good_code(100)
    dead = np.hstack([z, np.zeros((100, 4))])
    assert metrics.dci_es(dead, v).parts["size"] == 0.5
    assert metrics.dci_es(z[:, :2], v).parts["size"] == 1
