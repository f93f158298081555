"""Weights of rows: ones say nothing, a weight of 0 is a row that is not there, two stand for the row twice."""

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics.estimators.quantiles import ends, quantiles

OF_ROWS = [name for name in metrics.names() if metrics.get(name).declares.tables != "models"]
QUICK = {"dci": {"importances": "linear"}}
N = 240
# estimators that draw nothing and correct nothing by the number of rows
AS_REPEATED = (
    ("mig", {"protocol": "dlib"}),
    ("modularity", {"protocol": "dlib"}),
    ("pairwise_mi", {"protocol": "dlib"}),
    ("total_correlation", {"protocol": "dlib"}),
    ("wasserstein_correlation", {"protocol": "dlib"}),
    ("irs", {"quantile": 1.0}),
    ("mcc", {}),
    ("sap", {"kind": "continuous"}),
    ("tad", {}),
    ("active_latents", {}),
)
# of 300 rows one is cut at each end, whatever it weighs, and a penalty is in units of the loss of a row of mean weight
AS_REPEATED_WITH_TEST = (
    ("r2", {}, 1e-9),
    ("dci", {"importances": "lasso"}, 2e-3),
    ("explicitness", {}, 2e-3),
    ("explicitness", {"protocol": "dlib-2018"}, 2e-3),
)


@pytest.fixture(autouse=True)
def few_groups_and_values_only(monkeypatch):
    made.few_groups(monkeypatch)
    made.values_only(monkeypatch)


def rows(name):
    rng = np.random.default_rng(3)
    v = made.factors(N, 3, (3, 4, 3)).astype(float)
    z = made.turned(made.scaled(v), 20) + 0.4 * rng.standard_normal(v.shape)
    kind = metrics.get(name).declares.tables
    more = {"log_var": rng.uniform(-3, 0, z.shape)} if kind == "posteriors" else {}
    return z, v[:, :1] if kind == "classes" else v, more | QUICK.get(name, {})


def said(score):
    return str(score.to_dict())


@pytest.mark.parametrize("name", OF_ROWS)
def test_weights_of_ones_move_nothing(name):
    z, v, more = rows(name)
    plain = said(metrics.get(name)(z, v, **more))
    assert said(metrics.get(name)(z, v, weights=np.ones(N), **more)) == plain
    assert said(metrics.get(name)(z, v, weights=np.full(N, 1e-300), **more)) == plain


@pytest.mark.parametrize(
    "name", [n for n in OF_ROWS if metrics.get(n).declares.tables in ("rows", "codes", "classes")]
)
def test_weights_that_are_almost_ones_move_almost_nothing(name):
    if name in ("z_max_variance", "minimality_sufficiency", "factorised_support", "few_labels"):
        pytest.skip("draws rows, by their weight if there are weights")
    z, v, more = rows(name)
    nearly = 1 + 1e-9 * np.random.default_rng(0).random(N)
    plain = metrics.get(name)(z, v, **more).value
    assert metrics.get(name)(z, v, weights=nearly, **more).value == pytest.approx(plain, abs=1e-5)


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_row_of_weight_0_is_not_there(name):
    z, v, more = rows(name)
    heard = np.arange(N) % 3 > 0
    kept = {key: value[heard] if key == "log_var" else value for key, value in more.items()}
    wild = np.where(heard[:, None], z, 1e6)
    weighted = metrics.get(name)(wild, v, weights=heard.astype(float), **more)
    assert said(weighted) == said(metrics.get(name)(z[heard], v[heard], **kept))


def measured(score):
    """The value before its bias was taken off, which is less where there are more rows."""
    return score.parts.get("plug-in", score.value)


@pytest.mark.parametrize(("name", "options"), AS_REPEATED)
def test_whole_weights_are_repeated_rows(name, options):
    z, v = made.good_code(1500, noise=0.4)
    w = np.random.default_rng(4).integers(1, 4, 1500)
    repeated = measured(metrics.get(name)(np.repeat(z, w, 0), np.repeat(v, w, 0), **options))
    weighted = measured(metrics.get(name)(z, v, weights=w, **options))
    assert weighted == pytest.approx(repeated, abs=1e-9)
    if name != "active_latents":
        assert abs(weighted - measured(metrics.get(name)(z, v, **options))) > 1e-9


@pytest.mark.parametrize(("name", "options", "tolerance"), AS_REPEATED_WITH_TEST)
def test_whole_weights_are_repeated_rows_of_a_fit(name, options, tolerance):
    z, v = made.good_code(300, noise=0.6, sizes=(3, 4))
    w, test = (
        np.random.default_rng(4).integers(1, 4, 300),
        made.good_code(200, 5, noise=0.6, sizes=(3, 4)),
    )
    repeated = metrics.get(name)(np.repeat(z, w, 0), np.repeat(v, w, 0), test=test, **options).value
    weighted = metrics.get(name)(z, v, test=test, weights=w, **options).value
    assert weighted == pytest.approx(repeated, abs=tolerance)
    assert abs(weighted - metrics.get(name)(z, v, test=test, **options).value) > abs(
        weighted - repeated
    )


def test_quantiles_of_weighted_rows():
    rng = np.random.default_rng(0)
    column, w = rng.standard_normal(1200), rng.integers(1, 4, 1200).astype(float)
    shares = np.linspace(0, 1, 9)
    np.testing.assert_allclose(
        quantiles(column, shares, np.ones(1200)), np.quantile(column, shares), atol=1e-12
    )
    np.testing.assert_allclose(
        quantiles(column, shares, w),
        np.quantile(np.repeat(column, w.astype(int)), shares),
        atol=0.01,
    )
    repeated = ends(np.repeat(column, w.astype(int))[:, None])
    np.testing.assert_array_equal(ends(column[:, None], w), repeated)
    np.testing.assert_array_equal(ends(column[:, None], np.ones(1200)), ends(column[:, None]))
