"""Information from contingency tables against scikit-learn, permutations and closed forms, however sparse they are."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import digamma
from sklearn.metrics import mutual_info_score
from tests.metrics import made

from unweave import metrics
from unweave.metrics.estimators.contingency import from_indices
from unweave.metrics.estimators.entropies import corrections, entropy
from unweave.metrics.estimators.information import code_bins
from unweave.metrics.tables.table import Table


def test_plug_in_information_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    z, v = rng.integers(20, size=(500, 3)), made.factors(500)
    found = from_indices(z, v, corrected=False)
    want = [[mutual_info_score(a, b) for b in v.T] for a in z.T]
    np.testing.assert_allclose(found.mutual, want, atol=1e-12)
    np.testing.assert_allclose(found.factors, [mutual_info_score(b, b) for b in v.T], atol=1e-12)
    np.testing.assert_allclose(found.joint, found.codes + found.factors - found.mutual, atol=1e-12)


def test_correction_takes_away_the_bias_of_unrelated_columns():
    plain, corrected = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        z, v = rng.integers(20, size=(1000, 1)), rng.integers(10, size=(1000, 1))
        plain.append(from_indices(z, v, corrected=False).uncut[0, 0])
        corrected.append(from_indices(z, v, corrected=True).uncut[0, 0])
    assert np.mean(plain) == pytest.approx(19 * 9 / 2000, rel=0.1)
    assert abs(np.mean(corrected)) < 0.004


def test_corrected_information_of_a_column_with_itself_is_its_entropy():
    v = made.factors(300)
    found = from_indices(v, v, corrected=True)
    np.testing.assert_allclose(np.diag(found.mutual), found.factors, atol=1e-12)
    assert (found.mutual <= found.factors + 1e-12).all()


def test_missing_values_leave_out_their_rows_for_that_factor_only():
    z, v = np.random.default_rng(0).integers(6, size=(400, 2)), made.factors(400)
    gone = np.arange(400) % 3 == 0
    holes = v.copy()
    holes[gone, 1] = -1
    found = from_indices(z, holes, corrected=True)
    np.testing.assert_allclose(
        found.mutual[:, 1], from_indices(z[~gone], v[~gone], corrected=True).mutual[:, 1]
    )
    np.testing.assert_allclose(found.mutual[:, 0], from_indices(z, v, corrected=True).mutual[:, 0])


def test_whole_weights_are_repeated_rows_and_weight_zero_is_absence():
    z, v = np.random.default_rng(0).integers(6, size=(200, 2)), made.factors(200)
    times = np.arange(200) % 3
    weighted = from_indices(z, v, times.astype(float), corrected=False)
    repeated = from_indices(np.repeat(z, times, 0), np.repeat(v, times, 0), corrected=False)
    np.testing.assert_allclose(weighted.mutual, repeated.mutual, atol=1e-12)
    absent = from_indices(z, v, (times > 0).astype(float), corrected=True)
    np.testing.assert_allclose(
        absent.mutual, from_indices(z[times > 0], v[times > 0], corrected=True).mutual
    )


def test_entropy_by_hand():
    assert entropy(np.array([1, 1, 2])) == pytest.approx(1.5 * np.log(2))
    assert entropy(np.array([0])) == 0


def test_the_correction_is_its_integral():
    for n in (1, 2, 3, 7, 30):
        integral = quad(lambda x, n=n: x ** (n - 1) / (1 + x), 0, np.exp(0.5) - 1)[0]
        assert corrections(30)[n] + np.log(n) == pytest.approx(
            digamma(n) + (-1) ** n * integral, abs=1e-12
        )


@pytest.mark.parametrize(("levels", "n"), [(5, 1000), (183, 1000), (400, 1000), (1000, 10_000)])
def test_noise_knows_nothing_of_a_factor_however_many_levels_it_has(levels, n):
    found = [_of_noise(levels, n, seed) for seed in range(6)]
    assert abs(np.mean(found)) < 0.03


@pytest.mark.parametrize("levels", [5, 183])
def test_noise_knows_nothing_where_rows_have_weights(levels):
    rng = np.random.default_rng(0)
    found = [_of_noise(levels, 1000, seed, rng.exponential(size=1000)) for seed in range(8)]
    assert abs(np.mean(found)) < 0.06


def _of_noise(levels, n, seed, weights=None):
    rng = np.random.default_rng(seed)
    z = rng.integers(20, size=(n, 1))
    return from_indices(z, rng.integers(levels, size=(n, 1)), weights, corrected=True).uncut[0, 0]


@pytest.mark.parametrize("levels", [40, 183, 1000])
def test_a_code_that_a_sparse_factor_determines_keeps_all_its_information(levels):
    v = np.random.default_rng(0).integers(levels, size=(2000, 1))
    z = v * 20 // levels
    found = from_indices(z, v, corrected=True)
    assert found.mutual[0, 0] == pytest.approx(found.codes[0, 0], abs=1e-9)
    assert found.mutual[0, 0] == pytest.approx(np.log(20), abs=0.02)


def test_partial_information_of_a_factor_of_many_levels_is_nearer_than_plug_in():
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.ones(20), 183)
    v = rng.integers(183, size=1000)
    z = (rng.random((1000, 1)) > chances.cumsum(1)[v]).sum(1, keepdims=True)
    joint = chances / 183
    truth = float((joint * np.log(joint / joint.sum(0) * 183)).sum())
    assert abs(from_indices(z, v[:, None], corrected=True).mutual[0, 0] - truth) < 0.15
    assert from_indices(z, v[:, None], corrected=False).mutual[0, 0] - truth > 0.9


@pytest.mark.parametrize("weighted", [False, True])
def test_chance_in_closed_form_is_the_mean_over_permutations(weighted):
    rng = np.random.default_rng(0)
    z = rng.integers(6, size=400) ** 2 // 6
    v = np.minimum(rng.geometric(0.05, size=400), 60)[:, None] - 1
    weights = rng.exponential(size=400) if weighted else np.ones(400)
    found = [
        from_indices(rng.permutation(z)[:, None], v, weights, corrected=True).uncut[0, 0]
        for _ in range(400)
    ]
    plug_in = from_indices(z[:, None], v, weights, corrected=False).uncut[0, 0]
    assert abs(np.mean(found)) < max(4 * np.std(found) / 20, 0.02 * plug_in)


def test_unrelated_columns_are_told_from_related_ones_also_with_weights():
    rng = np.random.default_rng(0)
    v = made.factors(1000, sizes=(2, 3, 40, 183))
    for weights in (None, rng.exponential(size=1000)):
        tables = (Table.of(rng.standard_normal((1000, 4)), v, weights=weights) for _ in range(30))
        excess = np.stack(
            [_surprise(from_indices(code_bins(t), v, t.weights, corrected=True)) for t in tables]
        )
        assert 0.7 < excess.std() < 1.6
        assert abs(excess.mean()) < 0.3


def _surprise(found):
    """2 N I beyond chance in standard deviations of its chi-squared distribution."""
    return 2 * found.rows * found.uncut / np.sqrt(2 * found.freedom)


def test_weights_of_ones_and_a_scale_of_the_weights_move_nothing():
    rng = np.random.default_rng(0)
    z, v = rng.integers(20, size=(500, 2)), made.factors(500)
    w = rng.random(500)
    plain = from_indices(z, v, corrected=True).uncut
    np.testing.assert_allclose(
        from_indices(z, v, np.full(500, 3.0), corrected=True).uncut, plain, atol=1e-12
    )
    np.testing.assert_allclose(
        from_indices(z, v, 1 + 1e-9 * w, corrected=True).uncut, plain, atol=1e-6
    )
    weighted = from_indices(z, v, w, corrected=True).uncut
    np.testing.assert_allclose(
        from_indices(z, v, 1e-9 * w, corrected=True).uncut, weighted, atol=1e-9
    )


def test_numbering_the_levels_anew_moves_nothing():
    rng = np.random.default_rng(0)
    z, v = rng.integers(20, size=(500, 1)), rng.integers(90, size=(500, 1))
    other = rng.permutation(90)[v]
    one, two = (from_indices(z, column, corrected=True).uncut for column in (v, other))
    np.testing.assert_allclose(one, two, atol=1e-12)


def test_a_factor_with_a_level_for_every_row_says_nothing():
    z = np.random.default_rng(0).integers(20, size=(500, 1))
    assert from_indices(z, np.arange(500)[:, None], corrected=True).mutual[0, 0] == 0


def test_independent_latents_share_nothing_at_500_rows():
    z = np.random.default_rng(0).standard_normal((500, 6))
    score = metrics.pairwise_mi(z)
    assert score.value < 0.03
    assert score.estimator == "chance-corrected mutual information, 20 bins"
    assert (
        metrics.pairwise_mi(z, protocol="dlib").estimator == "plug-in mutual information, 20 bins"
    )


def test_rmig_of_means_is_not_dragged_down_by_noise_about_a_factor_of_many_levels():
    rng = np.random.default_rng(0)
    v = rng.integers(183, size=(1000, 1)).astype(float)
    score = metrics.rmig(np.hstack([v, rng.standard_normal((1000, 1))]), v)
    assert abs(score.matrix[1, 0]) < 0.15, "plug-in information gives 2.4"
    assert score.value > 0.8
    assert score.estimator.startswith("chance-corrected")
