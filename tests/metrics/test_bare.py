"""A bare function of codes and factors is a metric: by its name, as itself, and as little of one as it declares."""

import math
import re
import sys
from types import ModuleType
from typing import Annotated, Literal

import numpy as np
import pytest
from tests.metrics import made

from unweave import metrics
from unweave.evaluation.evaluate import evaluate
from unweave.metrics.bare import as_metric
from unweave.metrics.base import Measured, Table, metric
from unweave.settings import Setting

Z, V = made.good_code(120)


def spread(codes, factors):
    """The mean deviation of the codes, and nothing of the factors."""
    return codes.std(0).mean()


@metric(measures=("usefulness",), error="jackknife")
def declared_spread(table: Table) -> Measured:
    """The same, declared."""
    return Measured(float(table.codes.std(0).mean()), "deviations")


@pytest.fixture(autouse=True)
def mine(monkeypatch):
    """A module of the user's own."""
    module = ModuleType("mine")
    vars(module).update(
        spread=spread, declared_spread=declared_spread, number=3, Class=dict, one=lambda codes: 0.0
    )
    monkeypatch.setitem(sys.modules, "mine", module)


def test_by_name_and_as_itself_it_gives_its_value_without_error_or_floors():
    expected = Z.std(0).mean()
    (by_name,) = evaluate((Z, V), ["mine:spread"]).items()
    (itself,) = evaluate((Z, V), spread).items()
    assert by_name[0] == "mine:spread"
    assert itself[0] == f"{__name__}:spread"
    for score in (by_name[1], itself[1]):
        assert score.value == pytest.approx(expected)
        assert all(math.isnan(x) for x in (score.error, score.null, score.rotated, score.ceiling))
        assert score.reason.startswith("no error: a bare function declares none")


def test_calibrated_it_has_floors_and_still_no_error():
    score = evaluate((Z, V), ["mine:spread"], calibrate=True)["mine:spread"]
    assert score.null == pytest.approx(score.value), "permuted factors do not change the codes"
    assert score.ceiling == pytest.approx(V.std(0).mean())
    assert math.isnan(score.error)
    assert score.reason == "no error: a bare function declares none"


def test_a_declared_metric_from_outside_has_all_that_it_declares():
    scores = evaluate((Z, V), ["mine:declared_spread", declared_spread, "mig"])
    assert list(scores) == ["mine:declared_spread", "declared_spread", "mig"]
    assert scores["declared_spread"] == scores["mine:declared_spread"]
    assert scores["declared_spread"].error > 0
    assert metrics.Metric is type(declared_spread)


def test_what_it_does_to_its_arrays_no_other_metric_sees():
    def rude(codes, factors):
        codes[:], factors[:] = 0, 0
        return 1

    together = evaluate((Z, V), [rude, "mig"], seed=1)
    assert together["mig"].value == evaluate((Z, V), ["mig"], seed=1)["mig"].value


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (np.zeros(3), r"returned an array of shape \(3,\); expected one number"),
        ([0.5, 0.5], r"returned \[0.5, 0.5\]; expected one number"),
        ("good", "returned 'good'; expected one number"),
        (None, "returned None; expected one number"),
        (True, "returned True; expected one number"),
        (1j, "returned 1j; expected one number"),
    ],
)
def test_what_is_no_number_is_refused_in_one_line(returned, words):
    with pytest.raises(ValueError, match=words) as error:
        as_metric(lambda codes, factors: returned, "mine:f")(Z, V)
    assert str(error.value).startswith("mine:f ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("returned", [math.nan, math.inf, np.float32("nan")])
def test_a_number_that_is_not_finite_is_undefined_and_says_so(returned):
    score = as_metric(lambda codes, factors: returned, "mine:f")(Z, V)
    assert math.isnan(score.value)
    assert score.reason == f"mine:f returned {returned}"


@pytest.mark.parametrize("returned", [1, np.int64(1), np.float32(1), np.ones(())])
def test_numbers_of_any_kind_are_numbers(returned):
    assert as_metric(lambda codes, factors: returned, "mine:f")(Z, V).value == 1.0


def test_what_it_raises_is_said_in_one_line():
    def broken(codes, factors):
        raise KeyError("two\nlines")

    with pytest.raises(ValueError, match=r"broken raised KeyError: .*two.*lines") as error:
        evaluate((Z, V), broken)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("mine:number", "mine:number is no metric: a metric is a function"),
        ("mine:Class", "mine:Class is no metric"),
        ("mine:one", "mine:one does not take codes and factors"),
        ("mine:spred", "the module has no 'spred'"),
        ([3], "expected names, such as 'mig'"),
        ([lambda codes, factors: 0, lambda codes, factors: 1], "two of the name"),
    ],
)
def test_what_is_no_metric_is_refused_before_the_work(asked, words):
    with pytest.raises(ValueError, match=words):
        evaluate((Z, V), asked)


def bare_number(table: Table, *, power: float = 2.0) -> Measured:
    return Measured(power, "")


def bare_truth(table: Table, deep: bool = False) -> Measured:
    return Measured(deep, "")


def unannotated(table, power=2):
    return Measured(power, "")


def unknown_type(table, weights=None):
    return Measured(0.0, "")


def two_arrays(codes, factors):
    return Measured(0.0, "")


def any_options(table, **options):
    return Measured(0.0, "")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (
            bare_number,
            """takes 'power', which has no Setting: annotate it, power: Annotated[float, """,
        ),
        (
            bare_truth,
            """takes 'deep', .* deep: Annotated[bool, Setting("unit and meaning")] = False""",
        ),
        (
            unannotated,
            """takes 'power', .* power: Annotated[int, Setting("unit and meaning")] = 2""",
        ),
        (unknown_type, """takes 'weights', .* weights: Annotated[Any, Setting("""),
        (two_arrays, "takes codes, factors; under @metric a function takes one table, and options"),
        (
            any_options,
            "takes table, options; under @metric a function takes one table, and options",
        ),
    ],
)
def test_an_option_without_a_setting_is_refused_where_the_metric_is_declared(function, words):
    pattern = ".*".join(map(re.escape, words.split(" .* ")))
    with pytest.raises(ValueError, match=f"^{__name__}:{function.__name__} {pattern}") as error:
        metric(measures=("compactness",))(function)
    assert "\n" not in str(error.value)


def test_an_option_with_a_setting_or_of_some_words_is_one():
    def powers(
        table: Table,
        *,
        power: Annotated[float, Setting("of each gap", above=0)] = 2.0,
        form: Literal["mean", "max"] = "mean",
    ) -> Measured:
        return Measured(power if form == "mean" else 0.0, "")

    score = metric(measures=("compactness",), range=(0.0, 9.0))(powers)(Z, V, power=3, form="mean")
    assert score.value == 3


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (0.5, r"a float; expected Measured\(value, how\) of a metric under @metric"),
        ({"value": np.zeros(2)}, r"a value that is a ndarray of shape \(2,\); expected one number"),
        ({"value": True}, "a value that is a bool; expected one number"),
        ({"value": None}, "a value that is None; expected one number"),
        ({"estimator": 3}, "an estimator that is an int; expected a text"),
        ({"reason": None}, "a reason that is None; expected a text"),
        ({"pieces": [1.0]}, "pieces that are a list; expected parts by name"),
        ({"pieces": {"worst": "low"}}, "the piece 'worst' that is a str; expected one number"),
        ({"latents": [1.0]}, "latents that are a list; expected parts by name"),
        (
            {"latents": {"gap": np.zeros(9)}},
            r"latents 'gap' that is a ndarray of shape \(9,\); .* each latent of the table, \(D,\): \(2,\)",
        ),
        (
            {"factors": {"gap": np.zeros(9)}},
            r"factors 'gap' that is .* for each factor of the table, \(K,\): \(1,\)",
        ),
        ({"matrix": [[1.0]]}, r"a matrix that is a list; expected an array \(D, K\)"),
    ],
)
def test_a_declared_metric_that_returns_no_measured_number_is_named(returned, words):
    @metric(measures=("compactness",))
    def odd(table: Table) -> Measured:
        """Nothing; 0 to 1, higher is better."""
        if isinstance(returned, float):
            return returned
        found = Measured(0.5, "a table")
        for field, value in returned.items():
            object.__setattr__(found, field, value)  # past the type checks of the tests
        return found

    with pytest.raises(ValueError, match=rf"^{__name__}:.*odd returned (Measured with )?{words}$"):
        odd(np.random.default_rng(0).normal(size=(60, 2)), np.arange(60)[:, None] % 3)
