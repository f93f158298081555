"""What floors are made of: a rotation that no unit decides, permuted rows only where rows are read."""

import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Groups, Table
from unweave.metrics.tables.grouping import GroupTable

UNITS = 10.0 ** np.linspace(-4, 4, 4)


@pytest.mark.parametrize(
    "name", ["mig", "modularity", "mcc", "omes", "tad", "total_correlation", "irs"]
)
def test_a_rotation_does_not_depend_on_units(name):
    z, v = made.good_code(1000)
    plain, scaled = metrics.get(name)(z, v).rotated, metrics.get(name)(z * UNITS, v).rotated
    assert scaled == pytest.approx(plain, abs=1e-6)


@pytest.mark.parametrize("protocol", ["unweave", "dlib"])
def test_a_rotation_of_rows_and_of_groups_is_of_deviations(protocol):
    z, v = made.good_code(400)
    test = made.good_code(200, 1)
    groups = Groups(z.reshape(50, 8, 4), np.arange(50) % 3)

    def turned(units):
        rows = Table.of(z * units, v, test=(test[0] * units, test[1]), protocol=protocol).rotated()
        grouped = GroupTable.of(
            Groups(groups.codes * units, groups.fixed), None, None, protocol
        ).rotated()
        return rows.codes, rows.test.codes, grouped.codes, grouped.reference

    for one, other in zip(turned(UNITS), turned(1.0), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_a_rotation_of_vector_codes_does_not_depend_on_units():
    v = made.factors(600)
    rng = np.random.default_rng(0)
    vectors = made.scaled(v)[:, :, None] * rng.standard_normal((4, 3)) + 0.1 * rng.standard_normal(
        (600, 4, 3)
    )
    plain, scaled = (metrics.mig(vectors * units, v).rotated for units in (1.0, UNITS[:, None]))
    assert scaled == pytest.approx(plain, abs=1e-6)


def test_a_rotation_does_not_depend_on_one_wild_entry():
    z, v = made.good_code(1000)
    wild = z.copy()
    wild[7, 2] = 1e6
    assert metrics.mig(wild, v).rotated == pytest.approx(metrics.mig(z, v).rotated, abs=0.03)


def test_what_reads_no_factors_and_no_axes_has_no_floors():
    z, v = made.good_code(200)
    log_var = np.full(z.shape, -2.0)
    for name in ("information_terms", "active_latents"):
        score = metrics.get(name)(z, v, log_var=log_var, calibrate=True)
        assert math.isfinite(score.value)
        assert math.isnan(score.null)
        assert math.isnan(score.rotated)
        assert all(math.isnan(band["null"]) for band in score.parts.get("intervals", {}).values())


@pytest.mark.parametrize(
    "name", [n for n in metrics.names() if metrics.get(n).declares.tables != "models"]
)
def test_a_null_floor_is_of_other_rows_than_the_value(name, monkeypatch):
    made.few_groups(monkeypatch)
    declares = metrics.get(name).declares
    z, v = made.good_code(200, sizes=(3, 4, 3))
    z = made.turned(z, 15)
    more = {"log_var": np.full(z.shape, -3.0)} if declares.tables == "posteriors" else {}
    quick = {"importances": "linear"} if name == "dci" else {}
    v = v[:, :1] if declares.tables == "classes" else v
    score = metrics.get(name)(z, v, calibrate=True, **more, **quick)
    assert math.isnan(score.null) if not declares.floors else score.null != score.value


def test_the_accuracy_of_rows_that_were_fitted_states_no_error():
    z, v = made.good_code(300)
    score = metrics.dci(z, v, importances="linear", calibrate=True)
    assert math.isfinite(score.error)
    assert score.parts["informativeness_train"] > 0.5
    assert "informativeness_train" not in score.parts["intervals"]


def test_completeness_and_informativeness_of_one_factor_have_errors():
    z, v = made.good_code(300, sizes=(4,))
    z = np.hstack([z, np.random.default_rng(0).standard_normal((300, 2))])
    score = metrics.dci(z, v, importances="linear", calibrate=True)
    assert math.isnan(score.value)
    assert "one factor: no disentanglement, only C and I in the parts" in score.reason
    assert "cannot be scored" not in score.reason
    assert score.parts["completeness"] > 0.5
    assert score.parts["informativeness"] > 0.9
    for part in ("completeness", "informativeness"):
        assert math.isfinite(score.parts["intervals"][part]["error"])
        assert score.parts["intervals"][part]["null"] < score.parts[part]
