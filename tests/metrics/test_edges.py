"""Where estimates meet edges: of bins, of what floats can hold, of tables in which nothing or almost nothing is known."""

import math
import warnings

import numpy as np
import pytest

from unweave import metrics
from unweave.metrics.tables.kinds import inner_bins

RNG = np.random.default_rng(0)
ON_BINS = ("mig", "mig_sup", "jemmig", "dcimig", "modularity", "med", "infomec")


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def on_a_grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """A code of `size` values at equal distances and one of noise, beside what half of it says and a category."""
    grid = RNG.integers(size, size=4000).astype(float)
    return np.c_[grid, RNG.standard_normal(4000)], np.c_[grid // 2, RNG.integers(0, 3, 4000)]


@pytest.mark.parametrize("size", [21, 25, 26, 31, 41, 51, 61, 81, 101])
def test_the_other_sign_of_a_code_on_a_grid_gives_the_same_score(size):
    z, v = on_a_grid(size)
    for name in ON_BINS:
        measure = metrics.get(name)
        table = metrics.Table.of(z, v)
        for other in (-z, 0.7 * z, z + 0.1):
            found = measure.measure(metrics.Table.of(other, v)).value
            assert found == pytest.approx(measure.measure(table).value, abs=1e-9), name


@pytest.mark.parametrize("n", [110, 510, 1010])
def test_the_other_sign_of_a_perfect_code_is_perfect(n):
    """Rows that lie on the edges of equally filled bins: N / 20 is no whole number."""
    g = np.random.default_rng(n).standard_normal((n, 2))
    gaps = metrics.mig(g, g).parts["gap"]
    assert metrics.mig(-g, g).parts["gap"] == pytest.approx(gaps, abs=1e-9)
    v = np.c_[np.repeat(np.arange(50.0), 20), RNG.integers(0, 3, 1000)]
    z = np.c_[v[:, 0], RNG.standard_normal(1000)]
    assert metrics.mig(-z, v).value == pytest.approx(metrics.mig(z, v).value, abs=1e-9)


def test_what_lies_on_the_very_middle_goes_where_less_is():
    place = np.array([0.0, 0.5, 1.0, 2.0, 3.5])
    assert inner_bins(place, 4).tolist() == [0, 0, 1, 2, 3]
    assert inner_bins(4 - place, 4).tolist() == [3, 3, 2, 1, 0]


def test_modularity_is_what_its_matrix_says():
    rng = np.random.default_rng(1)
    v = np.c_[rng.integers(0, 2, 1000), rng.integers(0, 100, 1000)]
    z = np.c_[v[:, 0] + rng.standard_normal(1000), rng.standard_normal(1000)]
    score = metrics.modularity(z, v, kinds="categorical")
    squares = score.matrix[0] ** 2
    assert score.parts["modularity"][0] == pytest.approx(
        1 - (squares.sum() - squares.max()) / squares.max()
    )
    assert score.value == 1, "a factor of which less than chance is known is not known"


@pytest.mark.parametrize("unit", [1e-300, 1e-200, 1e-160, 1e160, 1e300])
def test_factors_of_any_size(unit):
    v = RNG.standard_normal((400, 2))
    z = v + 0.3 * RNG.standard_normal((400, 2))
    for name, options in (("mcc", {}), ("r2", {}), ("sap", {"kind": "continuous"})):
        plain = metrics.get(name)(z, v, **options).value
        assert metrics.get(name)(z, v * unit, **options).value == pytest.approx(plain, abs=1e-9), (
            name
        )


@pytest.mark.parametrize(("shift", "log_var"), [(0, -40), (0, -50), (100, -30), (1e4, -25)])
def test_narrow_posteriors_tell_every_row_from_the_others(shift, log_var):
    """Both latents alone tell the row: I(x; z) = log N, and each of the two holds it, so TC = log N as well."""
    mean = np.random.default_rng(0).standard_normal((300, 2)) + shift
    score = metrics.information_terms(mean, log_var=np.full(mean.shape, float(log_var)))
    assert score.parts["mutual_information"] == pytest.approx(math.log(300), abs=1e-5)
    assert score.value == pytest.approx(math.log(300), abs=1e-5)


def test_latents_that_know_as_much_count_in_any_order():
    rng = np.random.default_rng(6)
    v = np.c_[rng.integers(0, 5, 1000), rng.integers(0, 3, 1000)]
    z = np.c_[v[:, 0], rng.standard_normal(1000)]
    noisy = np.c_[v[:, 0], v[:, 0] + 0.1 * rng.random(1000)]
    for codes, protocol in ((z, "unweave"), (noisy, "laforge")):
        scores = [metrics.jemmig(c, v, protocol=protocol).value for c in (codes, codes[:, ::-1])]
        assert scores[0] == pytest.approx(scores[1], abs=1e-9)


def test_a_score_whose_parts_of_the_rows_say_nothing():
    z = np.zeros((200, 2))
    z[0, 0] = z[1, 1] = 1
    assert metrics.wasserstein_correlation(z).value >= 0
    codes = RNG.standard_normal((400, 3))
    v = np.c_[RNG.integers(0, 3, 400), RNG.integers(0, 4, 400)].astype(float)
    v[:200, 0], v[205:, 1] = np.nan, np.nan
    assert math.isnan(metrics.infomec(codes, v).ceiling)


@pytest.mark.parametrize(
    "name", [n for n in metrics.names() if metrics.get(n).declares.tables in ("rows", "codes")]
)
def test_no_nan_without_a_reason_and_no_warning(name):
    ids, z = np.c_[np.arange(60), np.arange(60)], RNG.standard_normal((60, 3))
    for factors, more in (
        (ids, {"kinds": "categorical"}),
        (np.full((60, 2), np.nan), {}),
        (z[:, :2], {}),
    ):
        for protocol in metrics.get(name).declares.protocols:
            given = {} if metrics.get(name).declares.tables == "codes" else more
            score = metrics.get(name)(z, factors, protocol=protocol, **given)
            assert score.reason or not math.isnan(score.value), (name, protocol)


def test_a_collapsed_code_with_its_log_variances_is_undefined_as_without():
    v = np.c_[RNG.integers(0, 3, 300), RNG.integers(0, 4, 300)]
    z, log_var = RNG.standard_normal((300, 2)), np.zeros((300, 2))
    one = np.eye(300)[0]
    for score in (
        metrics.mig(0 * z, v, log_var=log_var),
        metrics.mig(z, v, log_var=log_var, active=np.array([], int)),
        metrics.mig(z, v, log_var=log_var, weights=one),
    ):
        assert math.isnan(score.value)
        assert "no latent varies" in score.reason


def test_log_variances_that_no_float_can_square_are_refused():
    z = RNG.standard_normal((60, 2))
    with pytest.raises(
        ValueError,
        match=r"log_var reaches 2e.03 in size.*deviation of exp.1e.03.*logarithms of variances",
    ):
        metrics.mig(z, np.arange(60) % 3, log_var=np.full(z.shape, -2000.0))


def test_weights_that_leave_one_row_are_said():
    v, z = RNG.integers(0, 3, (400, 2)), RNG.standard_normal((400, 2))
    assert (
        "make 400 rows count as 1.0" in metrics.mig(z, v, weights=np.r_[1e12, np.ones(399)]).reason
    )
    assert "no latent varies" in metrics.omes(z, v, weights=np.r_[1e300, np.ones(399)]).reason


def test_the_authors_infomec_names_its_seed():
    z, v = RNG.standard_normal((200, 2)), RNG.integers(0, 3, (200, 2))
    assert "by seed 7" in metrics.infomec(z, v, protocol="infomec", seed=7).estimator


def test_codes_that_cannot_be_squared_have_no_score_where_nothing_rescales_them():
    z, v = RNG.standard_normal((60, 2)), RNG.integers(0, 3, (60, 2))
    assert "too large to square" in metrics.sap(1e200 * z, v, protocol="dlib").reason
