"""Transductive support vector machines: as good as every labelling tried, and better than the labelled rows alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from unweave.metrics.estimators.transductive import Line, _fitted, loss, transductive_line


def best_of_all(z: np.ndarray, y: np.ndarray, others: np.ndarray, positive: int) -> float:
    """The least loss over every labelling of the other rows with so many of +1."""
    found = []
    for chosen in itertools.combinations(range(len(others)), positive):
        labels = np.full(len(others), -1.0)
        labels[list(chosen)] = 1.0
        both = np.concatenate([z, others])
        w, b = _fitted(both, np.concatenate([y, labels]), np.ones(len(both)))
        found.append(loss(Line(w, b, labels), z, y, others))
    return min(found)


def test_six_points_are_labelled_as_well_as_by_trying_all() -> None:
    reached = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        centres = np.array([[-1.0, 0.5], [1.0, -0.5]])
        others = np.repeat(centres, 3, 0) + 0.6 * rng.standard_normal((6, 2))
        z = centres + 0.6 * rng.standard_normal((2, 2))
        y = np.array([-1.0, 1.0])
        line = transductive_line(z, y, others, share=0.5)
        assert (line.labels > 0).sum() == 3
        mine = loss(line, z, y, others)
        least = best_of_all(z, y, others, 3)
        assert mine >= least - 1e-6  # nothing is below the least of all
        reached += mine <= least + 1e-6
    assert reached >= 18  # a local search


def test_unlabelled_rows_turn_the_line() -> None:
    """Two clusters, each with one label far from its middle: the line between the labels cuts through both."""
    rng = np.random.default_rng(0)
    side = np.repeat([-1.0, 1.0], 100)
    others = np.stack([1.5 * side, np.zeros(200)], 1) + 0.5 * rng.standard_normal((200, 2))
    z = np.array([[-1.0, -2.0], [1.0, 2.0]])
    y = np.array([-1.0, 1.0])
    w, b = _fitted(z, y, np.ones(2))
    alone = ((others @ w + b > 0) == (side > 0)).mean()
    assert alone < 0.95
    line = transductive_line(z, y, others, share=0.5)
    assert ((line(others) > 0) == (side > 0)).mean() > 0.99


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_so_many_rows_are_of_the_class(share: float) -> None:
    rng = np.random.default_rng(1)
    z = np.array([[-1.0, 0.0], [1.0, 0.0]])
    line = transductive_line(z, np.array([-1.0, 1.0]), rng.standard_normal((50, 2)), share)
    assert (line.labels > 0).mean() == share
