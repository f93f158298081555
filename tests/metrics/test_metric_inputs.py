import math
from typing import Annotated

import numpy as np
import pytest
import torch
from tests.metrics import made

from unweave import metrics
from unweave.metrics import Groups
from unweave.metrics.base import Measured, Table, metric
from unweave.settings import Setting

Z, V = made.good_code(120)
HOLE, WILD = Z.copy(), V.astype(float)
HOLE[3, 1], WILD[2, 0] = np.nan, np.inf
CHEAP = (
    "mig",
    "modularity",
    "infomec",
    "mig_sup",
    "rmig",
    "jemmig",
    "dcimig",
    "med",
    "factor_vae_score",
)
FITTED = (
    "sap",
    "explicitness",
    "dci",
    "beta_vae_score",
    "downstream",
    "strong_generalisation",
    "fairness",
)
ALL = (*CHEAP, *FITTED, "mcc", "r2", "minimality_sufficiency")
QUICK = {"dci": {"importances": "linear"}}  # the path is the same, and trees take seconds


@pytest.fixture(autouse=True)
def few_groups_and_values_only(monkeypatch):
    made.few_groups(monkeypatch)
    made.values_only(monkeypatch)


def scored(name, *tables, **options):
    return metrics.get(name)(*tables, **options, **QUICK.get(name, {}))


@pytest.mark.parametrize(
    ("codes", "factors", "more", "says"),
    [
        (HOLE, V, {}, "NaN or infinite .first at row 3, latent 1."),
        (Z[:, 0], V, {}, r"shape \(120,\)"),
        (Z[:0], V[:0], {}, "shape"),
        (Z, V[:100], {}, "120 rows and factors have 100"),
        (Z, V[:, :, None], {}, r"shape \(120, 4, 1\)"),
        (Z, V[:100, 0], {}, "120 rows and factors have 100"),
        (np.ma.masked_greater(Z, 1), V, {}, "codes hold [0-9]+ masked entries"),
        (Z, V, {"log_var": np.ma.masked_greater(Z, 1)}, "log_var hold [0-9]+ masked entries"),
        (
            Z,
            V,
            {"weights": np.ma.masked_less(np.arange(120.0), 3)},
            "weights hold 3 masked entries",
        ),
        (Z, V + 2**53, {}, "column 0 that are too large to be told apart"),
        (Z, (V + 2**53).astype(object), {}, "column 0 that are too large to be told apart"),
        (Z, V.astype("datetime64[s]"), {}, "not numbers"),
        (Z, np.array([[1, {}]] * 120, object), {}, "a dict in column 1"),
        (Z, WILD, {}, "infinity .first at row 2, factor 0"),
        (Z, None, {}, "needs factors"),
        (Z, np.full(V.shape, "red"), {}, "'red'.*np.unique"),
        (Z, np.array([["red", 1]] * 120, object), {}, "column 0 .such as 'red'.*np.unique"),
        (Z, V, {"weights": np.ones(3)}, "weights has shape"),
        (Z, V, {"weights": -np.ones(120)}, "at least 0"),
        (Z, V, {"active": [True]}, "active has shape"),
        (Z, V, {"log_var": Z[:5]}, "log_var has shape"),
        (Z, V, {"protocol": "libd"}, "unknown protocol 'libd'"),
        (Z.astype(str), V, {}, "not numbers"),
        (Z, np.where(V == 1, "1_11", "11_1"), {}, "text in column 0 .such as '1(_11|1_1)'"),
        (Z, np.where(V == 1, "01", "1"), {}, "text in column [0-3] .such as '01'"),
        (Z, np.where(V == 1, b"1_1", b"11"), {}, "text in column [0-3]"),
        (
            Z,
            V,
            {"kinds": 1},
            "kinds is 1; expected one of categorical, ordered, continuous, one for each factor",
        ),
        (Z, V, {"kinds": {"ordered"}}, "kinds is {'ordered'}"),
        (Z, V, {"kinds": [1] * 4}, "1 is no kind of factor"),
        (
            Z,
            V,
            {"kinds": np.array(["orderd"] * 4)},
            "'orderd' is no kind of factor; did you mean 'ordered'?",
        ),
        (Z, V, {"kinds": ""}, "'' is no kind of factor"),
        (Z, [[1, 2], [1]], {}, "factors are no array"),
    ],
)
def test_bad_arrays_are_refused_in_one_line(codes, factors, more, says):
    with pytest.raises(ValueError, match=says) as error:
        metrics.mig(codes, factors, **more)
    assert "\n" not in str(error.value)


class NAType:
    """Stands for pandas' NA, which is not equal to itself and no number."""

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


def test_what_is_missing_is_left_out_however_it_is_written():
    holes = V.astype(float)
    holes[::9, 1] = np.nan
    gone = np.isnan(holes)
    want = metrics.mig(Z, holes)
    for hole in (None, NAType(), float("nan")):
        v = V.astype(object)
        v[gone] = hole
        assert metrics.mig(Z, v).value == want.value
    for fill in (0, 999):
        masked = np.ma.masked_array(np.where(gone, fill, V), gone)
        assert metrics.mig(Z, masked).value == want.value
        assert metrics.r2(Z, V, test=(Z, masked)).value == metrics.r2(Z, V, test=(Z, holes)).value
    assert metrics.mig(np.ma.masked_array(Z), V).value == metrics.mig(Z, V).value, (
        "nothing is masked"
    )
    assert metrics.mig(Z.astype(object), V).value == pytest.approx(metrics.mig(Z, V).value)


def test_large_whole_numbers_keep_their_identity():
    ids = np.repeat(np.arange(20), 30)
    z = np.stack([ids, ids % 7], 1) + 0.1 * np.random.default_rng(0).standard_normal((600, 2))
    plain = metrics.mig(z, ids[:, None])
    for first in (2**24, 1_700_000_000, -(2**40), 2**52):
        assert metrics.mig(z, ids[:, None] + first).value == plain.value
    days = 1_700_000_000_000_000_000 + ids * 86_400_000_000_000
    assert metrics.mig(z, days[:, None]).value == plain.value, "nanoseconds since 1970, days apart"


@pytest.mark.parametrize("name", ALL)
def test_one_factor_may_be_a_plain_vector(name):
    one, column = scored(name, Z, V[:, 0]), scored(name, Z, V[:, :1])
    assert one.value == pytest.approx(column.value, nan_ok=True)
    assert one.reason == column.reason
    assert scored(name, Z, V[:, 0].tolist()).reason == column.reason


def test_bad_rows_to_test_on_are_refused():
    with pytest.raises(ValueError, match="same columns"):
        metrics.explicitness(Z, V, test=(Z, V[:, :2]))
    with pytest.raises(ValueError, match="test codes hold"):
        metrics.explicitness(Z, V, test=(np.ma.masked_greater(Z, 1), V))
    with pytest.raises(ValueError, match="it has to be a pair"):
        metrics.explicitness(Z, V, test=Z)


def test_bad_groups_and_options_are_refused():
    with pytest.raises(ValueError, match="G, L, D"):
        metrics.factor_vae_score(Groups(Z, np.zeros(120, int)))
    with pytest.raises(ValueError, match="120 indices"):
        metrics.factor_vae_score(Groups(Z[:, None].repeat(2, 1), np.zeros(3, int)))
    with pytest.raises(ValueError, match="was given groups"):
        metrics.mig(Groups(Z[:, None], np.zeros(120, int)))
    with pytest.raises(ValueError, match="not defined under protocol 'dlib'"):
        metrics.med(Z, V, protocol="dlib")
    with pytest.raises(ValueError, match="kind is 'linear'"):
        metrics.sap(Z, V, kind="linear")
    with pytest.raises(ValueError, match="importances is 'tree'"):
        metrics.dci(Z, V, importances="tree")


@pytest.mark.parametrize("name", ALL)
def test_constant_factor_is_left_out_of_the_mean_and_nan_in_the_parts(name):
    still = np.hstack([V, np.full((120, 1), 7)])
    score = scored(name, Z, still)
    assert score.value == pytest.approx(scored(name, Z, V).value, abs=1e-12)
    assert "factors 4 never vary" in score.reason
    assert all(math.isnan(part[4]) for part in score.parts.values() if np.shape(part) == (5,))
    if score.matrix is not None:
        assert np.isnan(score.matrix[:, 4]).all()


@pytest.mark.parametrize("name", ALL)
def test_dead_latent_is_nan_in_the_parts(name):
    dead = np.hstack([Z[:, :2], np.full((120, 1), 0.3), Z[:, 2:]])
    score = scored(name, dead, V)
    assert score.value == pytest.approx(scored(name, Z, V).value, abs=1e-9)
    assert "latents 2 never vary" in score.reason
    if score.matrix is not None:
        assert np.isnan(score.matrix[2]).all()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("codes", "factors"),
    [
        (np.ones((50, 3)), V[:50]),
        (Z[:50], np.ones((50, 2))),
        (Z[:50, :1], V[:50, :1]),
        (Z[:1], V[:1]),
        (Z[:2], V[:2]),
        (Z[:5], V[:5]),
    ],
    ids=["dead codes", "constant factors", "one of each", "one row", "two rows", "five rows"],
)
def test_degenerate_tables_give_a_value_or_nan_with_a_reason(name, codes, factors):
    for protocol in ("unweave", "dlib"):
        if protocol not in metrics.get(name).declares.protocols:
            continue
        score = scored(name, codes, factors, protocol=protocol)
        assert score.reason or not math.isnan(score.value)


def test_one_latent_or_factor_is_undefined_with_a_reason():
    for name in ("mig", "sap", "rmig", "jemmig"):
        score = scored(name, Z[:, :1], V)
        assert math.isnan(score.value)
        assert "one latent" in score.reason
    for name in (
        "modularity",
        "mig_sup",
        "dcimig",
        "med",
        "dci",
        "infomec",
        "factor_vae_score",
        "beta_vae_score",
    ):
        score = scored(name, Z, V[:, :1])
        assert math.isnan(score.value)
        assert "one factor" in score.reason
    assert math.isnan(scored("dci", Z[:, :1], V).parts["completeness"])


def test_fewer_rows_than_bins_is_undefined():
    score = metrics.mig(Z[:15], V[:15])
    assert math.isnan(score.value)
    assert score.reason.startswith("15 rows are fewer than 20 bins")


def test_class_absent_from_the_test_rows():
    present = V[:, 0] != 2
    score = metrics.explicitness(Z, V, test=(Z[present], V[present]))
    assert 0.9 < score.value <= 1
    assert "1 values of factors are absent" in score.reason


@pytest.mark.parametrize("name", ALL)
def test_missing_factor_values_weights_more_and_fewer_codes_than_factors(name):
    v = V.astype(float)
    v[::7, 1] = np.nan
    w = np.random.default_rng(0).random(120)
    for codes in (Z[:, :2], np.hstack([Z, Z])):
        score = scored(name, codes, v, weights=w)
        assert 0 <= score.value <= 1, score.reason


def test_categorical_continuous_and_vector_codes():
    v = made.factors(400)
    assert metrics.mig(v * 1.5, v).value > 0.99
    rng = np.random.default_rng(0)
    smooth = rng.random((1000, 3))
    assert metrics.mig(smooth, smooth).value > 0.95
    assert metrics.sap(smooth, smooth).value > 0.95
    directions = rng.standard_normal((4, 3))
    vectors = made.scaled(v)[:, :, None] * directions + 0.01 * rng.standard_normal((400, 4, 3))
    assert metrics.mig(vectors, v).value > 0.9
    assert metrics.explicitness(vectors, v, test=(vectors, v)).value > 0.99
    log_var = np.full(vectors.shape, -6.0)
    assert metrics.rmig(vectors, v, log_var=log_var).value > 0.9
    assert "mass of the posteriors" in metrics.rmig(vectors, v, log_var=log_var).estimator


def test_active_chooses_latents():
    noisy = np.hstack([Z, np.random.default_rng(0).standard_normal((120, 2))])
    chosen = metrics.mig_sup(noisy, V, active=[0, 1, 2, 3])
    assert chosen.value == pytest.approx(metrics.mig_sup(Z, V).value)
    assert chosen.matrix.shape == (6, 4)
    assert "2 latents are not active" in chosen.reason


def test_text_that_is_numbers_is_numbers():
    want = metrics.mig(Z, V).value
    assert metrics.mig(Z, V.astype(str)).value == want
    assert metrics.mig(Z, V.astype(bytes)).value == want
    assert metrics.mig(Z, np.char.add(V.astype(str), ".50")).value == want
    gone = np.where(np.arange(len(V))[:, None] % 9 == 3, "nan", V.astype(str))
    assert metrics.mig(Z, gone).value == metrics.mig(Z, gone.astype(float)).value


@pytest.mark.parametrize(
    "kinds",
    [np.array(["ordered"] * 4), ("ordered",) * 4, np.array("ordered"), iter(["ordered"] * 4)],
)
def test_kinds_may_be_an_array(kinds):
    assert metrics.mig(Z, V, kinds=kinds).kinds == ("ordered",) * 4


def learned(array, dtype=torch.float64):
    """A tensor that requires a gradient, as a network gives it."""
    return torch.tensor(np.asarray(array, dtype=float), dtype=dtype).requires_grad_() * 1


@pytest.mark.parametrize("name", ["mig", "r2", "rmig", "factor_vae_score", "dci"])
def test_tensors_are_read_as_arrays(name):
    log_var = np.full(Z.shape, -4.0)
    weights = np.linspace(1, 2, len(Z))
    want = scored(name, Z, V, log_var=log_var, weights=weights, active=np.array([0, 1, 3]))
    given = scored(
        name,
        learned(Z),
        learned(V),
        log_var=learned(log_var),
        weights=learned(weights),
        active=torch.tensor([0, 1, 3]),
    )
    assert given.value == want.value
    assert given.reason == want.reason


def test_tensors_of_bfloat16_and_lists_of_tensors_are_read_too():
    coarse = torch.tensor(Z).bfloat16()
    want = metrics.mig(coarse.float().numpy(), V).value
    assert metrics.mig(coarse.requires_grad_(), torch.tensor(V).bfloat16()).value == want
    assert metrics.mig(list(coarse), list(torch.tensor(V))).value == want
    assert (
        metrics.r2(learned(Z), V, test=(learned(Z), learned(V))).value
        == metrics.r2(Z, V, test=(Z, V)).value
    )


def test_groups_of_tensors_are_read():
    rng = np.random.default_rng(0)
    fixed = rng.integers(2, size=60)
    codes = rng.normal(size=(60, 8, 2)) * np.where(np.arange(2) == fixed[:, None], 0.1, 1)[:, None]
    want = metrics.factor_vae_score(Groups(codes, fixed))
    given = metrics.factor_vae_score(
        Groups(learned(codes), torch.tensor(fixed)), reference=learned(codes.reshape(-1, 2))
    )
    assert given.value == want.value


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ({"low": 1}, ", 1 or more"),
        ({"low": 1, "high": 9}, ", 1 to 9"),
        ({"high": 9}, ", 9 at most"),
        ({}, ""),
    ],
)
def test_the_range_of_an_option_is_said_whichever_end_it_has(ends, said):
    def lead(
        table: Table, *, rank: Annotated[int, Setting("of the latent", **ends)] = 1
    ) -> Measured:
        """A metric."""
        return Measured(float(rank), "")

    z, v = np.random.default_rng(0).standard_normal((2, 60, 3))
    with pytest.raises(ValueError, match=r"^rank is 'no'") as error:
        metric(measures=("compactness",), error="none", no_error="none is needed here")(lead)(
            z, v, rank="no"
        )
    assert str(error.value).endswith(f": of the latent{said}")
