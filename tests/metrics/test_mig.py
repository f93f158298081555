import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics


def test_a_code_that_is_the_factors_scores_1():
    v = made.whole_grid((4, 5, 6)).repeat(20, 0)
    assert metrics.mig(v, v, protocol="dlib").value == pytest.approx(1, abs=1e-12)


def test_by_hand():
    v = np.array([[0], [0], [1], [1]] * 10)
    z = np.hstack([v, np.array([[0], [1], [1], [1]] * 10)])
    h = np.log(2)  # H(v); I(z_2; v) = H(z_2) - H(z_2|v) = H(1/4) - h/2
    second = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)) - h / 2
    score = metrics.mig(z, v, protocol="dlib")
    assert score.value == pytest.approx(1 - second / h, abs=1e-12)
    assert score.parts["best"] == [0]


def test_ceiling_is_below_1_where_a_factor_has_more_levels_than_there_are_bins():
    v = made.whole_grid((3, 6, 40))[np.random.default_rng(0).permutation(720).repeat(8)]
    score = metrics.mig(
        v, v
    )  # its bias is found from twenty parts of the rows, that of the ceiling from two
    assert score.ceiling == pytest.approx(score.value, abs=1e-3)
    assert 0.85 < score.value < 0.99


def test_posterior_form_against_numerical_integration():
    n = 400
    v = made.factors(n, sizes=(3, 4))
    rng = np.random.default_rng(1)
    mean, log_var = (
        1.5 * v + 0.2 * rng.standard_normal(v.shape),
        np.log(rng.uniform(0.05, 0.6, v.shape)),
    )
    grid = np.linspace(-6, 12, 20_001)
    density = np.exp(-0.5 * (grid - mean[..., None]) ** 2 / np.exp(log_var)[..., None])
    density /= np.sqrt(2 * np.pi * np.exp(log_var))[..., None]
    whole = density.mean(0)
    exact = np.zeros((2, 2))
    for k in range(2):
        for value in np.unique(v[:, k]):
            rows = v[:, k] == value
            within = density[rows].mean(0)
            ratio = np.log(np.maximum(within, 1e-300) / np.maximum(whole, 1e-300))
            exact[:, k] += rows.mean() * (within * ratio).sum(1) * (grid[1] - grid[0])
    score = metrics.mig(mean, v, log_var=log_var)
    np.testing.assert_allclose(score.matrix, exact, atol=0.06)
    best, second = np.sort(exact, 0)[::-1]
    entropy = [-(p * np.log(p)).sum() for p in (np.bincount(column) / n for column in v.T)]
    assert score.value == pytest.approx(np.mean((best - second) / entropy), abs=0.04)
    assert score.estimator == "2000 samples of the posteriors, drawn by seed 0"
    assert metrics.mig(mean, v, log_var=log_var, form="histogram").value > score.value, (
        "the encoder's noise counts"
    )


def test_fault_laforge_divides_by_the_entropy_of_the_code():
    ten, two = np.arange(1000) % 10, np.arange(1000) % 2
    noise = np.random.default_rng(0).integers(2, size=1000)
    code, factor = np.stack([ten, noise], 1), two[:, None]
    assert metrics.mig(code, factor).value == pytest.approx(1, abs=0.01)
    assert metrics.mig(code, factor, protocol="laforge").value == pytest.approx(0.30, abs=0.01)
    reverse = metrics.mig(np.stack([two, noise], 1), ten[:, None], protocol="laforge")
    assert reverse.value == pytest.approx(0.999, abs=0.01)
    assert metrics.mig(np.stack([two, noise], 1), ten[:, None]).value == pytest.approx(
        0.30, abs=0.01
    )


def test_bad_form():
    z, v = made.good_code(100)
    with pytest.raises(ValueError, match="auto, histogram, posterior"):
        metrics.mig(z, v, form="kernel")
    with pytest.raises(ValueError, match="needs log_var"):
        metrics.mig(z, v, form="posterior")
