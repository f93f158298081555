"""Classes from few labels: what each head can and cannot read."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import mtrand

from unweave import metrics

HEADS = ("regression", "svm", "transductive_svm", "self_training", "label_spreading")


def blobs(n: int, apart: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Four clusters in the plane, and the class of each row, (n, 1)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    return apart * corners[y] + rng.standard_normal((n, 2)), y[:, None]


def test_clusters_far_apart_are_read_by_every_head() -> None:
    score = metrics.few_labels(*blobs(1500, 5.0), labels=2)
    for head in HEADS:
        assert score.parts[head] == 1.0, head
    assert score.value == 1.0


def test_noise_is_at_chance() -> None:
    rng = np.random.default_rng(0)
    score = metrics.few_labels(rng.standard_normal((1500, 3)), rng.integers(4, size=(1500, 1)))
    for head in HEADS:
        assert abs(score.parts[head] - 0.25) < 0.08, head


def test_two_moons_are_read_by_the_graph_and_by_no_line() -> None:
    from sklearn.datasets import make_moons

    z, y = make_moons(1500, noise=0.06, random_state=0)
    score = metrics.few_labels(z, y[:, None], labels=3)
    assert score.parts["label_spreading"] > 0.98
    assert score.parts["regression"] < 0.95
    assert score.parts["transductive_svm"] < 0.95


def test_rows_without_label_help_where_labels_are_few() -> None:
    gain = []
    for seed in range(8):
        score = metrics.few_labels(*blobs(1200, 1.8, seed), labels=1, seed=seed)
        gain.append(score.parts["transductive_svm"] - score.parts["regression"])
    assert np.mean(gain) > 0.02


def test_a_factor_of_one_value_is_left_out() -> None:
    z, y = blobs(600, 5.0)
    both = metrics.few_labels(z, np.hstack([y, np.zeros_like(y)]))
    assert both.value == pytest.approx(metrics.few_labels(z, y).value)


def test_the_random_state_of_the_caller_is_left_alone():
    rng = np.random.default_rng(0)
    v = rng.integers(0, 4, 300)
    before = mtrand._rand.get_state()[1:3]
    metrics.few_labels(v[:, None] + 0.1 * rng.normal(size=(300, 3)), v)
    after = mtrand._rand.get_state()[1:3]
    assert before[1] == after[1]
    assert (before[0] == after[0]).all()
