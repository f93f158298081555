import math

from tests.configs import config

from unweave.metrics.base import Score
from unweave.report import compare, facts
from unweave.report.compare import Group
from unweave.report.strips import LEFT, RIGHT, WIDTH, strips


def test_seeds_of_one_setting_are_a_group():
    configs = [
        config("beta-vae", seed=0, beta=4.0),
        config("beta-vae", beta=2.0),
        config("beta-vae", seed=1, beta=4.0),
    ]
    groups = compare.groups(configs)
    assert [g.members for g in groups] == [[0, 2], [1]]
    assert [g.label for g in groups] == ["beta-vae, beta 4", "beta-vae, beta 2"]
    assert facts.differing(configs) == ["beta"]


def test_methods_with_one_setting_each_are_told_by_their_names():
    assert [g.label for g in compare.groups([config("vae", beta=1.0), config("ae")])] == [
        "vae",
        "ae",
    ]


GROUPS = [Group("a", [0, 1, 2], 0), Group("b", [3], 1)]


def test_a_group_is_its_median_with_the_range_over_seeds():
    scores = [{"mig": Score(v)} for v in (0.1, 0.4, 0.2, 0.3)]
    a, b = compare.summaries(GROUPS, scores)["mig"]
    assert (a.median, a.spread, a.best) == ("0.20", "0.10 to 0.40", False)  # error .088: two digits
    assert (b.median, b.spread, b.best) == ("0.30", "", True)


def test_a_score_that_a_group_does_not_have_is_left_blank():
    scores = [{"mig": Score(0.1)}, {}, {"mig": Score(math.nan)}, {}]
    a, b = compare.summaries(GROUPS, scores)["mig"]
    assert (a.median, a.best) == ("0.10", False)  # alone is not best
    assert b is None


def test_the_picture_has_a_dot_for_every_run_and_a_bar_at_each_median():
    scores = [{"mig": Score(v, null=0.5)} for v in (0.0, 1.0, 0.5, 1.0)]
    (strip,) = strips(GROUPS, ["r"] * 4, scores).strips
    left = LEFT
    right = WIDTH - RIGHT
    assert [m.x for m in strip.marks] == [left, right, (left + right) / 2, right]
    assert [x for x, _, _ in strip.medians] == [(left + right) / 2, right]
    assert strip.null == (left + right) / 2
