"""What a factor is taken for, and that neither its unit nor the number of rows of a value decides a score."""

import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics.tables.kinds import equally_filled, kinds_of, levels
from unweave.metrics.tables.table import Table

RNG = np.random.default_rng(0)
U = RNG.random((1500, 3))
Z = np.hstack([U + 0.01 * RNG.standard_normal(U.shape), RNG.standard_normal((1500, 1))])
UNITS = {
    "metres as float32": U.astype(np.float32),
    "whole micrometres": np.rint(U * 1e6),
    "whole nanometres as int64": np.rint(U * 1e9).astype(np.int64),
    "logarithms": np.log(U),
    "ranks": U.argsort(0).argsort(0),
    "whole millimetres": np.rint(U * 1e3).astype(int),
}
LINEAR = ("mcc", "r2")  # ask for a linear relation, which a logarithm is not
BY_VALUES = [
    name
    for name in metrics.names()
    if metrics.get(name).declares.tables in ("rows", "groups", "pairs") and name not in LINEAR
]
QUICK = {"dci": {"importances": "linear"}}


def things(count: int, times: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes and factors of things that were measured once and photographed several times each."""
    rng = np.random.default_rng(1)
    v = np.repeat(rng.random((count, 3)), times, 0)
    return v + 0.01 * rng.standard_normal(v.shape), v


@pytest.fixture(autouse=True)
def few_groups_and_values_only(monkeypatch):
    made.few_groups(monkeypatch)
    made.values_only(monkeypatch)


@pytest.mark.parametrize("unit", UNITS)
def test_levels_and_kinds_do_not_depend_on_the_unit(unit):
    plain, other = Table.of(Z, U), Table.of(Z, UNITS[unit])
    assert other.kinds == ("continuous",) * 3
    apart = (plain.bins["factors"] != other.bins["factors"]).mean()
    assert apart <= (0.02 if unit == "whole millimetres" else 0), (
        "a monotone re-labelling moves no row"
    )


@pytest.mark.parametrize("name", BY_VALUES)
def test_no_score_depends_on_the_unit(name):
    n = 1500 if name == "strong_generalisation" else 400  # it tests on the rows of one level only
    z, millimetres = Z[:n], UNITS["whole millimetres"][:n]
    metric, options = metrics.get(name), QUICK.get(name, {})
    metres = metric(z, U[:n], **options)
    for v in (millimetres, np.exp(20 * U[:n])):
        assert metric(z, v, **options).value == pytest.approx(metres.value, abs=0.05, nan_ok=True)


@pytest.mark.parametrize("name", LINEAR)
def test_what_asks_for_a_linear_relation_does_not_depend_on_a_factor_of_the_unit(name):
    metric = metrics.get(name)
    assert metric(Z, UNITS["whole millimetres"]).value == pytest.approx(
        metric(Z, U).value, abs=1e-3
    )


@pytest.mark.parametrize("protocol", ["dlib", "laforge"])
def test_a_continuous_factor_is_binned_under_other_protocols_too(protocol):
    metres, micrometres = (
        metrics.mig(Z, v, protocol=protocol) for v in (U, UNITS["whole micrometres"])
    )
    assert micrometres.value == pytest.approx(metres.value, abs=1e-9)
    np.testing.assert_allclose(micrometres.parts["entropy"], math.log(20), atol=1e-9)


@pytest.mark.parametrize("count", [30, 60, 200])
@pytest.mark.parametrize("name", ["mig", "modularity", "sap", "dcimig"])
def test_there_is_no_cliff_as_things_are_photographed_more_often(name, count):
    found = [metrics.get(name)(*things(count, times)).value for times in (9, 11, 25, 50, 120)]
    assert np.ptp(found) < 0.05, found


@pytest.mark.parametrize("n", [200, 1500, 5000, 20000])
@pytest.mark.parametrize("grain", [100, 1000])
def test_there_is_no_cliff_as_a_measurement_is_rounded(grain, n):
    rng = np.random.default_rng(2)
    u = rng.random((n, 3))
    z = u + 0.01 * rng.standard_normal(u.shape)
    assert metrics.mig(z, np.rint(u * grain)).value == pytest.approx(
        metrics.mig(z, u).value, abs=0.05
    )


def test_categories_of_many_values_stay_levels():
    cars = made.whole_grid((183, 24, 4))
    assert kinds_of(cars.astype(float))[0] == ("categorical",) * 3
    half = np.sort(np.random.default_rng(0).permutation(len(cars))[:10_000])
    assert (
        Table.of(cars[half], cars[half], kinds={0: "categorical"}).bins["factors"][:, 0].max()
        == 182
    )
    sprites = made.factors(10_000, sizes=(3, 6, 40, 32, 32))
    kinds, notes = kinds_of(sprites.astype(float))
    assert kinds == ("categorical",) * 5
    assert not notes
    classes = np.repeat(np.arange(100), 100)[:, None]
    assert kinds_of(classes.astype(float))[0] == ("categorical",)


def test_a_doubtful_kind_is_said():
    z, v = things(200, 20)
    score = metrics.mig(z, v)
    assert score.kinds == ("continuous",) * 3
    assert (
        "factor 0 has 200 values of about 20 rows each and is taken as continuous" in score.reason
    )
    cars = made.whole_grid((183, 24, 4))
    assert (
        "factor 0 has 183 values of about 96 rows each and is taken as categorical"
        in metrics.mcc(cars, cars).reason
    )
    assert "taken as" not in metrics.mcc(cars, cars, kinds={0: "categorical"}).reason
    assert not metrics.mig(Z, U).reason


def test_kinds_are_declared_and_kept_in_the_score():
    z, v = made.good_code(600, sizes=(4, 60, 60))
    assert metrics.mig(z, v).kinds == ("categorical", "continuous", "continuous")
    score = metrics.mig(z, v, kinds=[None, "categorical", "ordered"])
    assert score.kinds == ("categorical", "categorical", "continuous"), (
        "too few rows for an order of 60"
    )
    assert score.parts["entropy"][1] > math.log(20) + 0.5
    assert metrics.factor_vae_score(z, v, kinds="continuous").kinds == ("continuous",) * 3
    still = np.hstack([v, np.ones((600, 1))])
    assert metrics.mig(z, still).kinds == ("categorical", "continuous", "continuous", "")
    assert score.to_dict()["kinds"] == ["categorical", "categorical", "continuous"]
    assert metrics.total_correlation(z).kinds == ()


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        ("continous", "'continous' is no kind of factor; did you mean 'continuous'"),
        (["ordered"], "of 1 factors; there are 4"),
        ({7: "ordered"}, "no factor '7'"),
    ],
)
def test_a_wrong_kind_is_refused_in_one_line(kinds, says):
    with pytest.raises(ValueError, match=says):
        metrics.mig(*made.good_code(100), kinds=kinds)


def test_kinds_are_refused_where_there_are_no_factors():
    z, _ = made.good_code(100)
    with pytest.raises(ValueError, match="no factors"):
        metrics.total_correlation(z, kinds="ordered")
    with pytest.raises(ValueError, match="given kinds, which"):
        metrics.factor_vae_score(
            metrics.Groups(z.reshape(20, 5, 4), np.arange(20) % 2), kinds="ordered"
        )


def test_kinds_are_decided_once_for_all_rows_and_their_parts():
    v = made.factors(2000, sizes=(60, 3)).astype(float)
    table = Table.of(v, v)
    assert table.kinds == ("categorical", "categorical")
    part = table.rows(np.arange(200))
    assert part.kinds == table.kinds
    assert part.bins["factors"][:, 0].max() > 20, "200 rows alone would be binned"


def test_levels_of_test_rows_have_the_same_numbers():
    v = made.factors(400).astype(float)
    table = Table.of(v, v, test=(v[:50] + 0.0, v[:50]))
    assert table.test is not None
    np.testing.assert_array_equal(table.bins["factors"][:50], table.test.bins["factors"])


def test_equally_filled_bins_keep_ties_together_and_leave_no_bin_empty():
    column = np.array([5.0] * 60 + list(np.linspace(6, 7, 40)))
    found = levels(column, "continuous")
    assert (found[:60] == 0).all()
    assert list(np.unique(found)) == list(range(found.max() + 1))
    counts = np.bincount(levels(np.random.default_rng(0).random(1000), "continuous"))
    assert counts.min() == counts.max() == 50
    mass = np.array([1.0, 3.0, 0.0, 2.0])
    np.testing.assert_array_equal(equally_filled(mass, 3), equally_filled(2 * mass, 3))
