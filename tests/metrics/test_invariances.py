"""What metrics declare to leave them alone, tried hard: units from 1e-200 to 1e200, wild entries, offsets, other orders."""

import math

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.metrics.estimators import boosted_factor

ON_ROWS = ("rows", "groups", "pairs", "codes")
NAMES = [name for name in metrics.names() if metrics.get(name).declares.tables in ON_ROWS]
IN_UNITS = [name for name in NAMES if "scale" in metrics.get(name).declares.invariant]
ROBUST = [name for name in NAMES if "outlier" in metrics.get(name).declares.invariant]
SEEDS = {
    "minimality_sufficiency": range(16)
}  # whose samples are of other signs in a code of the other sign
QUICK = {"dci": {"importances": "linear"}, "dhsic": {"rows": 200}}
UNITS = {
    "1e30": (np.float32, 30.0),
    "1e-30": (np.float32, -30.0),
    "1e-30 to 1e30": (np.float32, None),
    "1e200": (np.float64, 200.0),
    "1e-200": (np.float64, -200.0),
    "1e-200 to 1e200": (np.float64, None),
}


@pytest.fixture(autouse=True)
def few_groups_and_values_only(monkeypatch):
    made.few_groups(monkeypatch)
    made.values_only(monkeypatch)


@pytest.fixture(scope="module")
def plain():
    """The value of each metric on its good code, found once."""
    kept: dict[str, float] = {}

    def value(name):
        if name not in kept:
            kept[name] = scored(name, *code(name))
        return kept[name]

    return value


def code(name):
    """A good code: more rows for metrics that fit nothing."""
    cheap = metrics.get(name).declares.cost == "cheap"
    return made.good_code(1000) if cheap else made.good_code(400, sizes=(2, 3, 2))


def scored(name, z, v, **more):
    return metrics.get(name)(z, v, **more, **QUICK.get(name, {})).value


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("name", IN_UNITS)
def test_units_of_any_size(name, units, plain):
    z, v = code(name)
    dtype, exponent = UNITS[units]
    most = 30.0 if dtype is np.float32 else 200.0
    powers = (
        np.linspace(-most, most, z.shape[1]) if exponent is None else np.full(z.shape[1], exponent)
    )
    scaled = (z * 10.0**powers).astype(dtype)
    assert scored(name, scaled, v) == pytest.approx(plain(name), abs=2e-3)


@pytest.mark.parametrize("name", [*IN_UNITS, "irs", "wasserstein_correlation"])
def test_offsets(name):
    z, v = code(name)
    shifted = (z + 1e6).astype(np.float32)  # a float32 of this size tells sixteenths apart
    assert scored(name, shifted, v) == pytest.approx(
        scored(name, shifted.astype(np.float64) - 1e6, v), abs=1e-3
    )


@pytest.mark.parametrize("size", [1e2, -1e4, 1e6])
@pytest.mark.parametrize("name", ROBUST)
def test_one_wild_entry_anywhere(name, size, monkeypatch):
    monkeypatch.setattr(boosted_factor, "STAGES", 20)
    z, v = code(name)
    value = metrics.get(name)(z, v).value
    tolerance = 0.02 if metrics.get(name).declares.cost == "cheap" else 0.03
    rng = np.random.default_rng(int(abs(size)))
    for latent in range(z.shape[1]):
        wild = z.copy()
        wild[rng.integers(len(z)), latent] = size
        assert metrics.get(name)(wild, v).value == pytest.approx(value, abs=tolerance)


@pytest.mark.parametrize(
    "name", [n for n in NAMES if {"permutation", "sign"} <= set(metrics.get(n).declares.invariant)]
)
def test_order_and_sign_of_latents_in_mixed_units(name):
    z, v = code(name)
    mixed = (z * 10.0 ** np.linspace(-8, 8, z.shape[1])).astype(np.float32)
    turned = mixed[:, ::-1] * np.where(np.arange(z.shape[1]) % 2, 1, -1).astype(np.float32)
    tolerance = 1e-5 if metrics.get(name).declares.cost == "cheap" else 0.01
    seeds = SEEDS.get(name, range(1))
    before, after = (
        np.mean([scored(name, z, v, seed=seed) for seed in seeds]) for z in (mixed, turned)
    )
    assert after == pytest.approx(before, abs=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_order_of_rows(name):
    """It moves what draws rows, or blocks of rows to correct its bias by; these say so, and nothing else moves."""
    z, v = code(name)
    order = np.random.default_rng(9).permutation(len(z))
    declares = metrics.get(name).declares
    first, second = (
        metrics.get(name)(z[i], v[i], **QUICK.get(name, {})) for i in (np.arange(len(z)), order)
    )
    assert (declares.draws or declares.corrected) == ("seed" in first.estimator)
    if not declares.draws:
        measured = [score.parts.get("plug-in", score.value) for score in (first, second)]
        assert measured[1] == pytest.approx(measured[0], abs=1e-12)
        assert second.value == pytest.approx(first.value, abs=0.02 if declares.corrected else 1e-12)


def test_order_of_rows_where_rows_to_test_on_are_given():
    z, v = code("r2")
    order = np.random.default_rng(9).permutation(len(z))
    for name in ("r2", "sap", "explicitness"):
        score = metrics.get(name)(z, v, test=(z[:100], v[:100]))
        assert "seed" not in score.estimator
        assert scored(name, z[order], v[order], test=(z[:100], v[:100])) == pytest.approx(
            score.value, abs=1e-6
        )


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_what_float64_cannot_hold_is_said(size):
    """Of metrics in the units of the codes."""
    z, v = made.good_code(200)
    log_var = np.full(z.shape, 2 * math.log(size) - 4)
    for name in ("information_terms", "sufficiency", "invariance", "minimality"):
        score = metrics.get(name)(z * size, v, log_var=log_var)
        assert math.isnan(score.value)
        assert "beyond" in score.reason
    score = metrics.wasserstein_correlation(z * size)
    assert math.isnan(score.value)
    assert "beyond" in score.reason
    assert metrics.active_latents(z * size).value == (4 if size > 1 else 0)
    assert metrics.irs(z * size, v).value == pytest.approx(metrics.irs(z, v).value, abs=1e-9)


def test_vector_codes_in_any_unit():
    v = made.factors(400)
    rng = np.random.default_rng(0)
    vectors = made.scaled(v)[:, :, None] * rng.standard_normal((4, 3)) + 0.1 * rng.standard_normal(
        (400, 4, 3)
    )
    want = metrics.mig(vectors, v).value
    for size in (1e-200, 1e200):
        assert metrics.mig(vectors * size, v).value == pytest.approx(want, abs=2e-3)
