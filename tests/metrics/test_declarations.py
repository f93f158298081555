"""Every metric is held to what it declares: range, direction, what leaves it alone and what makes a good code worse."""

import functools
import math
import re

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Declares
from unweave.metrics.base import Measured, Table, metric
from unweave.metrics.declares import CHANGES

EXACT = {"permutation": 1e-9, "dead latents": 1e-9, "scale": 1e-6}
ON_TABLES = [
    name
    for name in metrics.names()
    if metrics.get(name).declares.tables in ("rows", "groups", "pairs")
]


def changed(change: str, z: np.ndarray) -> np.ndarray:
    """A good code after one of the changes that metrics declare."""
    rng = np.random.default_rng(7)
    n, d = z.shape
    if change == "permutation":
        return z[:, rng.permutation(d)]
    if change == "sign":
        return z * np.where(np.arange(d) % 2, 1, -1)
    if change == "scale":
        return z * 10.0 ** np.linspace(-3, 3, d)
    if change == "dead latents":
        return np.hstack([z, np.full((n, 2), 0.3)])
    if change == "noise latents":
        return np.hstack([z, rng.standard_normal((n, 2))])
    if change == "outlier":
        wild = z.copy()
        wild[0] = 100 * np.sign(wild[0])
        return wild
    return z @ (np.eye(d) - 2 / d)  # a reflection that mixes all latents alike


@pytest.fixture(scope="module")
def tables():
    """Good codes: 2,000 rows for cheap metrics, few for those that fit models."""
    return {"cheap": made.good_code(2000), "fit": made.good_code(600, sizes=(2, 3, 2))}


@pytest.fixture(scope="module")
def plain(tables):
    """The value of each metric on its good code, found once."""

    @functools.cache
    def value(name):
        return metrics.get(name)(*tables[metrics.get(name).declares.cost]).value

    return value


@pytest.fixture
def values_only(monkeypatch):
    made.few_groups(monkeypatch)
    made.values_only(monkeypatch)


@pytest.mark.parametrize("name", metrics.names())
def test_every_metric_declares_itself(name):
    metric = metrics.get(name)
    declares = getattr(metric, "declares", None)
    assert isinstance(declares, Declares), (
        f"{name} declares nothing: decorate it with unweave.metrics.base.metric"
    )
    assert declares.measures
    assert declares.range[0] < declares.range[1]
    assert len(metric.__doc__.splitlines()) > 3, "formula, range and source belong in the docstring"


def test_an_unknown_property_is_refused():
    with pytest.raises(ValueError, match="shuffling"):
        Declares(("modularity",), invariant=("shuffling",))


@pytest.mark.parametrize(
    ("word", "value", "said"),
    [
        ("measures", ("modularty",), "'modularty'; there are modularity"),
        ("direction", "up", "expected one of higher, lower"),
        ("tables", "images", "expected one of rows"),
        ("cost", "dear", "expected one of cheap, fit"),
    ],
)
def test_words_that_a_metric_cannot_declare_are_refused(word, value, said):
    with pytest.raises(ValueError, match=f"^{word} of a metric .*{re.escape(said)}"):
        Declares(**{"measures": ("modularity",), word: value})


def test_only_a_jackknife_finds_a_bias_to_correct():
    with pytest.raises(ValueError, match="needs the jackknife"):
        Declares(("modularity",), error="halves", corrected=True)
    with pytest.raises(ValueError, match="bootstrap"):
        Declares(("modularity",), error="bootstrap")
    with pytest.raises(ValueError, match="groups are drawn at random, and have no jackknife"):
        Declares(("modularity",), tables="groups", error="jackknife")


def test_a_metric_without_an_error_says_why_and_still_has_floors(tables):
    with pytest.raises(ValueError, match="says why"):
        Declares(("modularity",), error="none")
    with pytest.raises(ValueError, match="says why"):
        Declares(("modularity",), no_error="it is known without one")

    @metric(
        measures=("compactness",),
        range=(0.0, 10.0),
        error="none",
        no_error="its halves differ by more than chance",
    )
    def spread_of_codes(table: Table) -> Measured:
        """Standard deviation of the codes and of the first one."""
        return Measured(
            float(table.codes.std()), "plain", pieces={"first": float(table.codes[:, 0].std())}
        )

    score = spread_of_codes(*tables["cheap"])
    assert "its halves differ" in score.reason
    assert math.isnan(score.error)
    assert math.isfinite(score.null)
    assert math.isnan(score.parts["intervals"]["first"]["error"])
    assert score.parts["first"] == pytest.approx(tables["cheap"][0][:, 0].std())


@pytest.mark.parametrize(
    ("name", "change"), [(n, c) for n in ON_TABLES for c in metrics.get(n).declares.invariant]
)
def test_what_leaves_it_alone(name, change, tables, plain, values_only):
    z, v = tables[metrics.get(name).declares.cost]
    tolerance = EXACT.get(change, 0.02) if metrics.get(name).declares.cost == "cheap" else 0.03
    assert metrics.get(name)(changed(change, z), v).value == pytest.approx(
        plain(name), abs=tolerance
    )


@pytest.mark.parametrize(
    ("name", "change"), [(n, c) for n in ON_TABLES for c in metrics.get(n).declares.falls]
)
def test_what_makes_it_worse(name, change, tables, plain, values_only):
    declares = metrics.get(name).declares
    z, v = tables[declares.cost]
    drop = plain(name) - metrics.get(name)(changed(change, z), v).value
    assert (drop if declares.direction == "higher" else -drop) > 0.02


@pytest.mark.parametrize("name", ON_TABLES)
def test_range_and_direction(name, tables, plain, values_only):
    declares = metrics.get(name).declares
    z, v = tables[declares.cost]
    noise = metrics.get(name)(np.random.default_rng(0).standard_normal(z.shape), v).value
    for value in (plain(name), noise):
        assert declares.range[0] <= value <= declares.range[1] or math.isnan(value)
    assert plain(name) > noise if declares.direction == "higher" else plain(name) < noise


@pytest.mark.parametrize("name", [n for n in ON_TABLES if metrics.get(n).declares.cost == "cheap"])
def test_cheap_metrics_always_come_with_error_and_floors(name, tables):
    score = metrics.get(name)(*tables["cheap"])
    for part in (score.error, score.low, score.high, score.null, score.rotated, score.ceiling):
        assert math.isfinite(part)
    assert math.isfinite(score.bias) == (metrics.get(name).declares.error == "jackknife")
    assert score.low <= score.value <= score.high
    assert score.null < score.value
    assert score.rotated <= score.value + 1e-9, (
        "equal, but for rounding, where a rotation changes nothing"
    )


def test_changes_are_all_tried():
    z = made.good_code(50)[0]
    assert all(not np.array_equal(changed(change, z), z) for change in CHANGES)
