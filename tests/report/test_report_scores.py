import math

import numpy as np
import pytest

from unweave import metrics
from unweave.metrics.base import Score
from unweave.report import scores

FULL = Score(
    0.46,
    error=0.0123,
    low=0.4,
    high=0.5,
    null=0.0212,
    rotated=0.1,
    ceiling=0.9,
    n=100,
    estimator="e",
)


def test_every_number_has_the_digits_that_the_error_supports():
    (row,) = scores.rows({"mig": FULL})
    assert (row.value, row.interval, row.null) == ("0.460 ± 0.012", "0.400 to 0.500", "0.021")


def test_parts_follow_their_metric_with_their_own_interval():
    interval = {"error": 0.01, "low": 0.6, "high": 0.7, "null": math.nan}
    score = Score(
        0.5,
        parts={
            "completeness": 0.65,
            "per factor": np.ones(2),
            "odd": math.nan,
            "intervals": {"completeness": interval},
        },
    )
    first, second = scores.rows({"dci": score})  # and none of a part that is not defined
    assert (first.name, first.part, second.name, second.part) == (
        "dci",
        False,
        "completeness",
        True,
    )
    assert (second.value, second.interval, second.null) == (
        "0.650 ± 0.010",
        "0.600 to 0.700",
        "not measured",
    )


@pytest.mark.parametrize(
    "intervals", ["x", [1], 3, None, {"a": "x"}, {"a": {"error": "x", "b": 1}}]
)
def test_a_metric_from_elsewhere_may_have_other_things_by_the_name_of_ours(intervals):
    """Or a file that was altered on purpose: "intervals" is a name of ours, and a part of theirs."""
    (_, part) = scores.rows({"theirs": Score(0.5, parts={"a": 0.25, "intervals": intervals})})[:2]
    assert (part.value, part.interval) == ("0.25", "not measured")


def test_the_axis_runs_from_zero_to_one():
    rows = scores.rows({"a": Score(0.0), "b": Score(1.0, low=0.5, high=1.0)})
    zero, one = scores.dots(rows).rows
    assert (zero.value, one.value) == (scores.LEFT, scores.WIDTH - scores.RIGHT)
    assert one.low == (scores.LEFT + scores.WIDTH - scores.RIGHT) / 2
    assert zero.low is zero.null is zero.ceiling is None


def test_what_is_undefined_or_on_another_scale_is_in_the_table_only():
    rows = scores.rows({"mig": Score(math.nan, reason="one latent"), "nats": Score(7.0)})
    assert scores.dots(rows) is None
    assert [row.value for row in rows] == ["not defined", "7.00"]


def test_a_score_of_one_block_is_described_as_its_metric():
    (row,) = scores.rows({"mig of content": Score(0.5)})
    assert (row.name, row.about) == ("mig of content", metrics.METRICS["mig"][1])
