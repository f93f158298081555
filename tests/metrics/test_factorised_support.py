import math

import numpy as np
import pytest

from unweave import metrics
from unweave.metrics.scores.factorised_support import support_gaps

GRID = np.stack(np.meshgrid(np.arange(4.0), np.arange(5.0), indexing="ij"), -1).reshape(-1, 2)


def test_every_combination_scores_0_however_rare_it_is():
    correlated = np.concatenate([GRID, np.repeat([[0.0, 0.0], [3.0, 4.0]], 50, 0)])
    assert np.corrcoef(correlated.T)[0, 1] > 0.7
    assert metrics.factorised_support(correlated, batch=len(correlated)).value == 0


def test_a_missing_corner_by_hand():
    z = GRID[~((GRID[:, 0] == 3) & (GRID[:, 1] == 4))]
    step = 1 / z.std(0)  # the nearest codes to (3, 4) are (2, 4) and (3, 3)
    assert metrics.factorised_support(z, batch=len(z)).value == pytest.approx(
        min(step) ** 2, rel=1e-5
    )


def test_gaps_are_those_of_the_definition():
    z = np.random.default_rng(0).standard_normal((40, 3))
    want = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            if i != j:
                corners = np.array([(a, b) for a in z[:, i] for b in z[:, j]])
                want[i, j] = ((corners[:, None] - z[:, [i, j]]) ** 2).sum(2).min(1).max()
    np.testing.assert_allclose(support_gaps(z), want, rtol=1e-5)


def test_the_value_sums_the_pairs_and_units_do_not_matter():
    z = np.random.default_rng(0).standard_normal((600, 3))
    score = metrics.factorised_support(z, calibrate=True)
    assert score.value == pytest.approx(score.matrix[np.triu_indices(3, 1)].sum())
    assert metrics.factorised_support(z * [1, 100, 0.01]).value == pytest.approx(
        score.value, rel=1e-4
    )
    line = metrics.factorised_support(z[:, [0, 0, 0]], calibrate=True)
    assert line.value > 1.5 * line.null
    assert line.null == pytest.approx(score.null, rel=0.4)


def test_undefined_and_refused():
    z = np.random.default_rng(0).standard_normal((30, 2))
    assert math.isnan(metrics.factorised_support(z[:, :1]).value)
    assert "one latent" in metrics.factorised_support(z[:, :1]).reason
    with pytest.raises(ValueError, match="at least 2"):
        metrics.factorised_support(z, batch=1)
