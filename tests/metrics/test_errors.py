"""Stated errors against the spread over fresh tables, and intervals against the value at a very large N."""

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Table
from unweave.metrics.calibration import calibrate_by_jackknife

TABLES, ROWS, MANY = 60, 2_000, 300_000
FLOORS = {"mig": (None, 0.85), "modularity": (None, 0.85), "infomec": ("InfoM", 0.75), "InfoC": ("InfoC", 0.75)}


def blurred_code(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors in pairs of latents that are turned by 20 degrees, and two latents of noise."""
    z, v = made.good_code(n, seed, sizes=(6, 6, 5, 8))
    return np.hstack([made.turned(z, 20), 0.01 * np.random.default_rng([seed, 2]).standard_normal((n, 2))]), v


def quick(table: Table) -> Table:
    """Without InfoE, which fits a model and has no part in this."""
    object.__setattr__(table, "whole", False)
    return table


@pytest.fixture(scope="module")
def found():
    """{name: (truth, values, errors, low, high)}, every metric on the same 60 tables."""
    large = quick(Table.of(*blurred_code(MANY, 10_000)))
    truth = {name: metrics.get(name).measure(large) for name in ("mig", "modularity", "infomec")}
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in FLOORS}
    for seed in range(TABLES):
        table = quick(Table.of(*blurred_code(ROWS, seed), seed=seed))
        for name in ("mig", "modularity", "infomec"):
            score = metrics.get(name).score(table)
            rows[name].append((score.value, score.error, score.low, score.high))
            if name == "infomec":
                c = score.parts["intervals"]["InfoC"]
                rows["InfoC"].append((score.parts["InfoC"], c["error"], c["low"], c["high"]))
    values = {name: found.value for name, found in truth.items()} | {"InfoC": truth["infomec"].pieces["InfoC"]}
    return {name: (values[name], *np.array(rows[name]).T) for name in FLOORS}


@pytest.mark.parametrize("name", FLOORS)
def test_error_is_the_spread_over_fresh_tables(found, name):
    _, values, errors, _, _ = found[name]
    assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.3)


@pytest.mark.parametrize("name", FLOORS)
def test_intervals_hold_the_large_sample_value(found, name):
    truth, _, _, low, high = found[name]
    assert ((low <= truth) & (truth <= high)).mean() >= FLOORS[name][1]


def test_plug_in_interval_is_about_its_own_estimator_and_states_the_bias(found):
    scores = [metrics.mig(*blurred_code(ROWS, seed), protocol="dlib") for seed in range(3)]
    for score in scores:
        assert score.low < score.value < score.high
        assert abs(score.bias) > score.error / 2


def test_jackknife_of_a_mean_is_its_standard_error():
    from unweave.metrics.base import Measured

    z = np.random.default_rng(0).standard_normal((2000, 1))
    table = Table.of(z, np.arange(2000)[:, None] % 2)
    bands = calibrate_by_jackknife(mean_of := lambda t: Measured(float(t.codes.mean()), ""), table, mean_of(table))
    assert bands.value.error == pytest.approx(z.std() / np.sqrt(2000), rel=0.35)
    assert bands.value.centre == pytest.approx(z.mean(), abs=1e-12)


def test_too_few_rows_for_an_error_are_said():
    score = metrics.mig(*made.good_code(30))
    assert np.isnan(score.error)
    assert "30 rows are too few" in score.reason
