"""Recipes are judged by the middle over seeds, by what must fail, and beside other arms."""

import math

import pytest

from unweave.reproduction.check import Check, key_of, measures_of
from unweave.reproduction.verdicts import verdicts
from unweave.settings import schema

HOW, WHERE = {"log": "y"}, {"log": "x"}
TWICE = {"at_least": {"arm": "other", "times": 2}}


def read(check):
    """A check as a recipe says it."""
    return schema.read(Check, check, "check")


def judged(check, along=None, **arms):
    """The verdicts on arms given by their values over the seeds."""
    found = {arm: [{key_of(HOW): value} for value in values] for arm, values in arms.items()}
    for arm, values in (along or {}).items():
        for seed, value in zip(found[arm], values, strict=True):
            seed[key_of(WHERE)] = value
    return [held for held, _ in verdicts(read({"measure": HOW} | check), found)]


@pytest.mark.parametrize(
    ("expect", "method", "ablation", "expected"),
    [
        (
            {"at_least": 0.25, "at_most": 0.35},
            [0.2, 0.33, 0.34],
            [0.1, 0.2, 0.24],
            [True, True, True],
        ),
        (
            {"at_least": 0.25, "at_most": 0.35},
            [0.2, 0.36, 0.37],
            [0.1, 0.26, 0.2],
            [True, False, False],
        ),
        ({"at_least": 0.3, "tolerance": 0.1}, [0.3, 0.3, 0.1], [0.1, 0.1, 0.19], [True, True]),
        ({"at_most": 0.3}, [0.2, 0.4, 0.1], [0.31, 0.4, 0.5], [True, True]),
        ({"at_most": 0.3}, [0.2, 0.4, 0.5], [0.3, 0.4, 0.5], [False, False]),
        ({"at_least": 0.3, "of": "mean"}, [0.1, 0.2, 0.65], [0.0, 0.1, 0.2], [True, True]),
        ({"at_least": 0.3, "of": "best"}, [0.1, 0.2, 0.35], [0.0, 0.1, 0.31], [True, False]),
        ({"at_least": 0.3, "of": "worst"}, [0.29, 0.5, 0.65], [0.0, 0.1, 0.2], [False, True]),
    ],
)
def test_the_middle_of_the_seeds_counts_and_the_ablation_fails_in_every_seed(
    expect, method, ablation, expected
):
    assert judged(expect | {"ablation": "ablation"}, method=method, ablation=ablation) == expected


@pytest.mark.parametrize(
    ("check", "method", "other", "expected"),
    [
        (
            {"above": "other"},
            [0.5, 0.6, 0.7],
            [0.3, 0.35, 0.39],
            [True],
        ),  # medians .25 apart, ranges .2 and .09
        ({"above": "other"}, [0.5, 0.6, 0.7], [0.3, 0.41, 0.49], [False]),  # .19 apart
        ({"above": "other"}, [0.3, 0.35, 0.39], [0.5, 0.6, 0.7], [False]),
        ({"below": "other"}, [0.3, 0.35, 0.39], [0.5, 0.6, 0.7], [True]),
        ({"below": "other", "at_most": 0.4}, [0.3, 0.35, 0.39], [0.5, 0.6, 0.7], [True, True]),
        ({"at_most": {"arm": "other"}}, [0.1, 0.3, 0.9], [0.3, 0.3, 0.3], [True]),
        ({"at_most": {"arm": "other"}}, [0.1, 0.31, 0.9], [0.3, 0.3, 0.3], [False]),
        ({"at_least": {"arm": "other", "times": 2}}, [0.2, 0.2, 0.2], [0.1, 0.1, 0.1], [True]),
        ({"at_least": {"arm": "other", "times": 2}}, [0.2, 0.19, 0.19], [0.1, 0.1, 0.1], [False]),
        (TWICE, [0.6, 0.6, 0.6], [0.3, 0.3, 0.3], [True]),
        (TWICE, [0.59, 0.59, 0.59], [0.3, 0.3, 0.3], [False]),
    ],
)
def test_beside_another_arm(check, method, other, expected):
    assert judged(check, method=method, other=other) == expected


def test_the_height_above_a_line_is_taken_seed_by_seed_where_the_line_has_been():
    arms = {"a": [1.0, 1.0], "b": [3.0, 3.0], "c": [2.5, 2.0], "d": [9.0, 9.0]}
    along = {
        "a": [0.0, 0.0],
        "b": [2.0, 2.0],
        "c": [1.0, 1.0],
        "d": [5.0, 5.0],
    }  # d is beyond the line's end
    check = {"over": ["c", "d"], "against": ["a", "b"], "along": WHERE}
    assert judged(check | {"at_least": 0.25, "of": "mean"}, along, **arms) == [
        True
    ]  # heights .5 and 0
    assert judged(check | {"at_least": 0.26, "of": "mean"}, along, **arms) == [False]
    nowhere = {arm: [x + (10 if arm == "c" else 0) for x in xs] for arm, xs in along.items()}
    assert judged(check | {"at_least": -1e9}, nowhere, **arms) == [
        False
    ]  # no common ground is no success


def test_every_arm_that_a_check_names_is_measured_once():
    checks = [
        {"measure": HOW, "above": "a", "at_least": 0, "ablation": "a"},
        {"measure": HOW, "at_least": {"arm": "b", "times": 2}},
        {"measure": HOW, "over": ["c"], "against": ["a"], "along": WHERE, "at_least": 0},
    ]
    assert measures_of(map(read, checks)) == {
        "method": [HOW],
        "a": [HOW, WHERE],
        "b": [HOW],
        "c": [HOW, WHERE],
    }


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"at_leest": 0.3}, "did you mean 'at_least'"),
        ({"tolerance": 0.1}, "expects nothing"),
        ({"at_least": {"arm": "other", "tims": 2}}, "did you mean 'times'"),
        ({"at_least": {"times": 2}}, "at_least has no 'arm'"),
        ({"at_least": {"arm": "other"}, "ablation": "other"}, "no number for it to miss"),
        ({"above": "other", "ablation": "other"}, "no number for it to miss"),
        ({"at_least": math.nan}, "at_least is nan; expected a finite number"),
        ({"at_most": math.inf}, "at_most is inf; expected a finite number"),
        (
            {"at_most": {"arm": "other", "times": math.nan}},
            "at_most is nan; expected a finite number",
        ),
        (
            {"at_least": 0.3, "ablation": "other", "tolerance": math.nan},
            "tolerance is nan; it has to be at least 0",
        ),
        (
            {"at_least": 0.3, "ablation": "other", "tolerance": math.inf},
            "tolerance is inf; it has to be finite",
        ),
        ({"at_least": 0.3, "over": ["a"], "along": WHERE}, "over, against and along go together"),
    ],
)
def test_a_check_that_could_not_fail_is_refused(check, words):
    with pytest.raises(ValueError, match=f"^check.*{words}"):
        read({"measure": HOW} | check)
