import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Table
from unweave.metrics.tables.one_factor import pairs

GRID = made.whole_grid((2, 3, 5))
BITS = made.whole_grid((2, 2)).repeat(20, 0)


def test_pairs_differ_in_one_factor_only():
    v = made.factors(500, sizes=(3, 4, 2))
    for k, rows in enumerate(pairs(Table.of(v, v))):
        assert len(rows) > 200
        different = v[rows[:, 0]] != v[rows[:, 1]]
        assert different[:, k].all()
        assert different.sum() == len(rows)


@pytest.mark.parametrize("pool", ["mean", "max"])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_the_factors_themselves_score_1(pool, alpha):
    assert metrics.omes(
        GRID.repeat(2, 0), GRID.repeat(2, 0), pool=pool, alpha=alpha
    ).value == pytest.approx(1, abs=0.05)
    assert metrics.omes(BITS, BITS, pool=pool, alpha=alpha).value == 1


def test_a_copied_latent_by_hand():
    v = made.whole_grid((2, 2)).repeat(10, 0)
    score = metrics.omes(v[:, [0, 1, 1]], v)
    # c = [[1, 0], [0, 1], [0, 1]]: overlap 1 everywhere; factor 1 is in two of three latents: MES = 1 - 1/3
    np.testing.assert_allclose(score.matrix, [[1, 0], [0, 1], [0, 1]], atol=1e-12)
    np.testing.assert_allclose(score.parts["overlap"], [1, 1])
    np.testing.assert_allclose(score.parts["multiple_encoding"], [1, 2 / 3])
    assert score.value == pytest.approx(11 / 12)
    assert metrics.omes(v[:, [0, 1, 1]], v, alpha=1.0).value == pytest.approx(1)


def test_noise_knows_everything():
    v = made.whole_grid((2, 2, 2)).repeat(200, 0)
    score = metrics.omes(np.random.default_rng(0).standard_normal((1600, 2)), v)
    np.testing.assert_allclose(score.matrix, 1, atol=0.1)
    assert score.value == pytest.approx((1 / 3 + 1 / 2) / 2, abs=0.06)


def test_fault_omes_takes_opposed_values_for_equal_ones():
    v = made.whole_grid((2, 2)).repeat(10, 0)
    first = pairs(Table.of(v, v))[0]
    both = np.concatenate([first, first[:, ::-1]])
    opposed = np.corrcoef(v[both[:, 0], 0], v[both[:, 1], 0])[0, 1]
    assert opposed == pytest.approx(-1), (
        "1 - |corr|, as the authors have it, is 0: a perfect code would know nothing"
    )
    assert metrics.omes(v, v).matrix[0, 0] == 1


def test_undefined_and_refused():
    z, v = made.good_code(200)
    assert "nothing to overlap" in metrics.omes(z, v[:, :1]).reason
    continuous = np.random.default_rng(0).standard_normal((100, 6))
    lonely = metrics.omes(z[:100], continuous)
    assert math.isnan(lonely.value)
    assert "complete grid" in lonely.reason
    sparse = np.hstack([made.whole_grid((4, 4)), np.arange(16)[:, None] // 15])
    some = metrics.omes(sparse + 0.0, sparse)
    assert "factors 2 only" in some.reason
    assert np.isnan(some.parts["score"][2])
    assert some.value == pytest.approx(np.mean(some.parts["score"][:2]))
    with pytest.raises(ValueError, match="max, mean"):
        metrics.omes(z, v, pool="avg")
