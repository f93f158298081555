"""Stated errors against the spread over fresh tables, and intervals against what they are about.

The whole of it is `benchmarks/errors.py`, whose table is in the docs; here are a few tables of the cheapest metrics, with
bounds that chance does not cross and the faults that were found do.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Score, Table
from unweave.metrics.base import Measured
from unweave.metrics.calibration import ErrorPlan, intervals
from unweave.metrics.replicates import by_halves, by_jackknife, numbers
from unweave.metrics.tables import grouping
from unweave.metrics.tables import rows as tables
from unweave.seeds import fold

Code = Callable[[int, int], tuple[np.ndarray, np.ndarray]]
TABLES = 20
WIDE = (0.6, 1.8)


def blurred_code(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors in pairs of latents that are turned by 20 degrees, and two latents of noise."""
    z, v = made.good_code(n, seed, sizes=(6, 6, 5, 8))
    return np.hstack(
        [made.turned(z, 20), 0.01 * np.random.default_rng([seed, 2]).standard_normal((n, 2))]
    ), v


def noisy_code(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two factors of few levels, and a latent for each that has more noise than factor."""
    return made.good_code(n, seed, noise=1.5, sizes=(2, 3))


def dependent_code(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Four Gaussian latents, two of them dependent, beside factors that nobody asks."""
    z = np.random.default_rng([seed, 3]).standard_normal((n, 4))
    z[:, 1] += 0.5 * z[:, 0]
    return z, made.factors(n, seed)


def shown(name: str, n: int, code: Code = blurred_code, test: int = 0) -> list[Score]:
    """A metric of fresh tables with its interval, and without what floors cost."""
    found = []
    for seed in range(TABLES):
        z, v = code(n + test, seed)
        given = (z[n:], v[n:]) if test else None
        found.append(interval_of(name, Table.of(z[:n], v[:n], test=given)))
    return found


def interval_of(name: str, table: Table) -> Score:
    metric = metrics.get(name)
    object.__setattr__(table, "whole", False)
    if metric.declares.tables == "codes":
        table = Table.of(table.codes)
    if metric.declares.tables == "groups":
        table = grouping.GroupTable.drawn_from(table, pairs=False)
    found = metric.measure(table)
    calibration = intervals(metric.measure, table, found, metric.plan(found))
    return Score(**calibration.value.within(*metric.declares.range))


def ratio(scores: list[Score]) -> float:
    return float(np.mean([s.error for s in scores]) / np.std([s.value for s in scores], ddof=1))


def holds(scores: list[Score], truth: float) -> float:
    return float(np.mean([s.low <= truth <= s.high for s in scores]))


def mean(scores: list[Score]) -> float:
    return float(np.mean([s.value for s in scores]))


@pytest.mark.parametrize("name", ["mcc", "irs", "omes", "r2", "modularity"])
def test_error_is_the_spread_over_fresh_tables(name):
    scores = shown(name, 500)
    assert WIDE[0] < ratio(scores) < WIDE[1]
    if not metrics.get(name).declares.corrected:
        assert holds(scores, mean(scores)) >= 0.75


def test_error_of_a_score_on_rows_given_to_test_on():
    scores = shown("r2", 1000, test=300)
    assert WIDE[0] < ratio(scores) < WIDE[1]


def test_error_of_groups_counts_the_rows_behind_them(monkeypatch):
    monkeypatch.setattr(grouping, "FIT_GROUPS", 1000)
    monkeypatch.setattr(grouping, "TEST_GROUPS", 500)
    scores = shown("factor_vae_score", 400, noisy_code)
    assert WIDE[0] < ratio(scores) < WIDE[1]


@pytest.mark.parametrize("name", ["downstream", "sap"])
def test_error_is_of_the_rows_used_where_there_are_more(name, monkeypatch):
    """Of 20,000 rows 200 are fitted here, as 10,000 are of a million."""
    monkeypatch.setattr(tables, "FIT_ROWS", 200)
    monkeypatch.setattr(tables, "TEST_ROWS", 100)
    scores = shown(name, 20_000, noisy_code)
    assert WIDE[0] < ratio(scores) < WIDE[1]


def test_intervals_of_corrected_values_hold_the_limit():
    limit = (
        metrics.get("wasserstein_correlation")
        .measure(Table.of(*dependent_code(100_000, 10_000)))
        .value
    )
    scores = shown("wasserstein_correlation", 200, dependent_code)
    assert holds(scores, limit) >= 0.8
    off = [abs(s.value - limit) for s in scores]
    assert np.mean(off) < np.mean([abs(s.value + s.bias - limit) for s in scores])


def test_plug_in_interval_is_about_its_own_estimator_and_states_the_bias():
    scores = [metrics.mig(*blurred_code(2000, seed), protocol="dlib") for seed in range(3)]
    for score in scores:
        assert score.low < score.value < score.high
        assert abs(score.bias) > score.error / 2


def average(table: Table) -> Measured:
    return Measured(float(table.codes.mean()), "")


@pytest.mark.parametrize("error", ["jackknife", "halves"])
def test_error_of_a_mean_is_its_standard_error(error):
    z = np.random.default_rng(0).standard_normal((2000, 1))
    table = Table.of(z, np.arange(2000)[:, None] % 2)
    band = intervals(
        average, table, average(table), ErrorPlan("cheap", error, error == "jackknife")
    ).value
    assert band.error == pytest.approx(z.std() / math.sqrt(2000), rel=0.35)
    assert band.value == pytest.approx(z.mean(), abs=1e-12)


def test_jackknife_finds_the_bias_of_a_square():
    def square(table: Table) -> Measured:
        return Measured(float(table.codes.mean()) ** 2, "")

    z = 0.1 + np.random.default_rng(0).standard_normal((2000, 1))
    table = Table.of(z, np.arange(2000)[:, None] % 2)
    assert by_jackknife(square, table, square(table)).bias[0] == pytest.approx(
        z.var() / 2000, rel=0.6
    )


def test_rows_stay_fitted_or_tested_without_a_block():
    table = Table.of(*made.good_code(300))
    fit, test = ({row.tobytes() for row in side.codes} for side in table.sides())
    fewer = table.without(3).sides()
    assert {row.tobytes() for row in fewer[0].codes} < fit
    assert {row.tobytes() for row in fewer[1].codes} < test
    assert fewer[0].n + fewer[1].n == 285
    given = Table.of(*made.good_code(300), test=made.good_code(100, seed=1)).without(3)
    assert (given.n, given.test.n) == (285, 95)


def test_halves_are_half_of_all_that_is_random():
    table = Table.of(*made.good_code(1000), test=made.good_code(200, seed=1))
    first, second = table.halves(0)
    assert first.n + second.n == 1000
    assert not {row.tobytes() for row in first.codes} & {row.tobytes() for row in second.codes}
    assert first.test.n == second.test.n == 100
    assert (table.most(64), first.most(64)) == (64, 32)
    assert first.rng("draws").random() != second.rng("draws").random()
    assert table.rng("draws").random() == np.random.default_rng(fold(0, "draws")).random()
    groups = grouping.GroupTable.drawn_from(table, pairs=False).halves(0)
    assert [half.n for half in groups] == [grouping.FIT_GROUPS / 2] * 2
    assert not {row.tobytes() for row in groups[0].codes} & {
        row.tobytes() for row in groups[1].codes
    }


def test_a_part_that_cannot_be_scored_leaves_no_error_and_says_so():
    def fragile(table: Table) -> Measured:
        return Measured(math.nan if table.half else 1.0, "")

    table = Table.of(*made.good_code(100))
    found = intervals(fragile, table, fragile(table), ErrorPlan("cheap", "halves", False))
    assert math.isnan(found.value.error)
    assert found.value.value == 1
    assert "cannot be scored" in found.reason
    assert math.isnan(by_halves(fragile, table, 4, ()).error[0])


def test_only_the_pieces_of_the_whole_table_are_read_of_its_parts():
    found = Measured(1.0, "", pieces={"a": 2.0})
    assert numbers(found).tolist() == [1, 2]
    assert numbers(found, ()).tolist() == [1]
    assert np.array_equal(numbers(found, ("b", "a")), [1, math.nan, 2], equal_nan=True)
