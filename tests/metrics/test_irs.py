import numpy as np
import pytest
from tests.metrics import made
from tests.metrics.test_golden import FOLDER, VALUES

from unweave import metrics
from unweave.metrics.estimators.quantiles import quantile_of_rows

GRID = made.whole_grid((4, 4, 4))


@pytest.fixture(scope="module")
def golden():
    with np.load(FOLDER / "dlib_fixed.npz") as arrays:
        return arrays["mus_train"].T, arrays["ys_train"].T


@pytest.mark.parametrize("era", ["current_sklearn", "legacy_sklearn"])
def test_golden(golden, era):
    score = metrics.irs(*golden, protocol="dlib" if era == "current_sklearn" else "dlib-2018")
    want = VALUES[era]["irs"]
    assert score.value == pytest.approx(want["avg_score"], abs=1e-9)
    np.testing.assert_allclose(score.matrix, want["IRS_matrix"], atol=1e-9)
    np.testing.assert_allclose(score.parts["robustness"], want["disentanglement_scores"], atol=1e-9)
    np.testing.assert_allclose(score.parts["weight"], want["max_deviations"], atol=1e-9)
    np.testing.assert_array_equal(score.parts["parent"], want["parents"])


def test_the_factors_themselves_score_1():
    assert metrics.irs(GRID, GRID).value == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("protocol", ["unweave", "dlib"])
def test_a_sum_of_two_bits_by_hand(protocol):
    v = made.whole_grid((2, 2))
    score = metrics.irs(v.sum(1, keepdims=True), v, quantile=1.0, protocol=protocol)
    # z - mean is -1, 0 or 1; with either bit held it is 1/2 from the mean
    np.testing.assert_allclose(score.matrix, [[0.5, 0.5]])
    assert score.value == pytest.approx(0.5)


def test_fault_dlib_counts_active_latents_by_the_sum_of_their_values(golden):
    score = metrics.irs(*golden, protocol="dlib")
    assert "6 latents" in score.estimator
    assert golden[0].sum() != pytest.approx(6), (
        "np.sum(active_mus), the reference's num_active_dims"
    )


def test_one_wild_code_decides_the_references_normaliser_and_not_ours():
    z, v = made.good_code(2000, noise=0.5)
    wild = z.copy()
    wild[0] = 100
    own, plug_in = metrics.irs(z, v).value, metrics.irs(z, v, protocol="dlib").value
    assert metrics.irs(wild, v).value == pytest.approx(own, abs=0.02)
    assert metrics.irs(wild, v, protocol="dlib").value > plug_in + 0.3
    exact, v = made.good_code(2000)
    wild = exact.copy()
    wild[0] = 100 * np.sign(wild[0])  # also moves the means of the groups it is in
    assert metrics.irs(wild, v).value == pytest.approx(metrics.irs(exact, v).value, abs=0.005)


def test_unknown_factors_weights_and_dead_latents():
    z, v = made.good_code(500)
    holes = v.astype(float)
    holes[:100, 0] = np.nan
    assert metrics.irs(z, holes).value == pytest.approx(metrics.irs(z, v).value, abs=0.05)
    double = metrics.irs(
        np.repeat(z, 2, 0), np.repeat(v, 2, 0), quantile=1.0, protocol="dlib"
    ).value
    heavy = metrics.irs(z, v, weights=np.full(500, 2.0), quantile=1.0, protocol="dlib").value
    assert heavy == pytest.approx(double, abs=1e-9)
    dead = metrics.irs(np.hstack([z, np.zeros((500, 1))]), v, protocol="dlib")
    assert dead.value == pytest.approx(metrics.irs(z, v, protocol="dlib").value, abs=1e-12)
    with pytest.raises(ValueError, match="above 0"):
        metrics.irs(z, v, quantile=0.0)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99, 1.0])
@pytest.mark.parametrize("n", [1, 2, 101, 1000])
def test_quantiles_of_all_rows_at_once_are_numpys(share, n):
    z = np.random.default_rng(n).normal(size=(3, n)).round(1)
    np.testing.assert_allclose(
        quantile_of_rows(z, share), np.quantile(z, share, axis=1), rtol=0, atol=1e-15
    )
