"""The value that is shown lies in its interval and in its range, and what is exact or undefined stays so, in any table."""

import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Groups, Score
from unweave.metrics.tables import grouping

CHEAP = [name for name in metrics.names() if metrics.get(name).declares.cost == "cheap"]
FITTED = [
    name
    for name in metrics.names()
    if metrics.get(name).declares.cost == "fit" and metrics.get(name).declares.tables != "models"
]
ONE = {"mig", "modularity", "infomec", "factor_vae_score", "mcc", "r2", "irs", "omes", "dcimig"}


@pytest.fixture(autouse=True)
def few_groups(monkeypatch):
    monkeypatch.setattr(grouping, "FIT_GROUPS", 200)
    monkeypatch.setattr(grouping, "TEST_GROUPS", 100)


def tables(n: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Codes (n, D) and factors (n, K) that are ordinary, extreme, or hardly anything."""
    rng = np.random.default_rng(n)
    z, v = made.good_code(n, noise=0.5)
    unknown = v.astype(float)
    unknown[rng.random(v.shape) < 0.2] = np.nan
    return {
        "turned": (made.turned(z, 30), v),
        "noise": (rng.standard_normal((n, 5)), v),
        "perfect": (made.scaled(v), v),
        "heavy tails": (rng.standard_cauchy((n, 3)), v),
        "continuous": (z, v + rng.standard_normal(v.shape)),
        "unknown factors": (z, unknown),
        "one latent": (z[:, :1], v),
        "one factor": (z, v[:, :1]),
        "rare values": (z, (rng.random((n, 2)) < 0.05).astype(int)),
    }


def score_of(name: str, z: np.ndarray, v: np.ndarray) -> Score:
    reads = metrics.get(name).declares.tables
    log_var = np.full(z.shape, -2.0) if reads == "posteriors" else None
    options = (
        {"importances": "lasso"} if name == "dci" else {}
    )  # trees take seconds, on any number of rows
    factors = v[:, :1] if reads == "classes" else v
    return metrics.get(name)(z, factors, log_var=log_var, calibrate=True, **options)


def numbers(name: str, score: Score) -> list[tuple[str, float, dict[str, float]]]:
    """The value and every part that has an interval: its name, what is shown, and its interval."""
    whole = {
        key: getattr(score, key)
        for key in ("error", "low", "high", "null", "rotated", "ceiling", "bias")
    }
    return [(name, score.value, whole)] + [
        (f"{name}: {part}", score.parts[part], interval)
        for part, interval in score.parts.get("intervals", {}).items()
    ]


def check(name: str, score: Score) -> None:
    declares = metrics.get(name).declares
    for what, value, interval in numbers(name, score):
        bottom, top = declares.ranges.get(what.partition(": ")[2], declares.range)
        if math.isnan(value) or math.isnan(interval["error"]):
            assert math.isnan(interval["low"]) or math.isnan(value), what
            continue
        assert interval["error"] >= 0, what
        assert bottom <= interval["low"] <= value <= interval["high"] <= top, what
    assert not math.isnan(score.value) or score.reason


@pytest.mark.parametrize("kind", tables(60))
@pytest.mark.parametrize("name", CHEAP)
def test_value_lies_in_its_interval(name, kind):
    check(name, score_of(name, *tables(60)[kind]))


@pytest.mark.parametrize("name", FITTED)
def test_value_of_fits_lies_in_its_interval(name):
    check(name, score_of(name, *made.good_code(44, noise=2.0, sizes=(2, 2))))


@pytest.mark.parametrize("name", sorted(ONE))
def test_a_perfect_code_stays_exactly_perfect(name):
    v = made.whole_grid((3, 3, 2, 2)).repeat(4, 0)
    table = metrics.Table.of(made.scaled(v.astype(float)), v)
    score = metrics.get(name).score(table)
    if score.parts.get("plug-in", score.value) == 1:
        assert score.value == 1


def test_what_is_corrected_keeps_the_measured_value_as_a_part():
    z = made.turned(made.good_code(500, noise=0.5)[0] * [1, 2, 1, 2], 20)
    score = metrics.wasserstein_correlation(z)
    assert score.value == pytest.approx(score.parts["plug-in"] - score.bias, abs=1e-12)
    assert score.bias > 0
    plain = metrics.wasserstein_correlation(z, protocol="dlib")
    assert "plug-in" not in plain.parts


def test_interval_of_given_groups():
    rng = np.random.default_rng(0)
    fixed = rng.integers(3, size=300)
    codes = rng.standard_normal((300, 8, 3))
    codes[np.arange(300), :, fixed] *= 0.5
    check("factor_vae_score", metrics.factor_vae_score(Groups(codes, fixed)))
    check("beta_vae_score", metrics.beta_vae_score(Groups(codes, fixed), calibrate=True))


def test_too_few_rows_state_no_error_and_say_so():
    score = metrics.mig(*made.good_code(30))
    assert math.isnan(score.error)
    assert math.isnan(score.low)
    assert "30 rows are too few" in score.reason
