import json
import math

import numpy as np

from unweave.metrics.base import Score
from unweave.report import scores

FULL = Score(0.46, error=0.0123, low=0.4, high=0.5, null=0.0212, rotated=0.1, ceiling=0.9, n=100, estimator="e")


def test_a_score_comes_back_from_json_as_it_was():
    score = Score(0.5, n=3, parts={"gap": np.array([0.1, np.nan])}, matrix=np.array([[1.0, np.nan]]), reason="why")
    back = scores.score_of(json.loads(json.dumps(score.to_dict())))
    assert (back.value, back.n, back.reason) == (0.5, 3, "why")
    assert math.isnan(back.error)
    np.testing.assert_array_equal(back.matrix, score.matrix)
    assert back.parts == {"gap": [0.1, None]}


def test_fields_of_a_newer_version_are_left_out():
    assert scores.score_of({"value": 1.0, "from the future": 2}).value == 1.0


def test_every_number_has_the_digits_that_the_error_supports():
    (row,) = scores.rows({"mig": FULL})
    assert (row.value, row.interval, row.null) == ("0.460 ± 0.012", "0.400 to 0.500", "0.021")


def test_parts_follow_their_metric_with_their_own_interval():
    interval = {"error": 0.01, "low": 0.6, "high": 0.7, "null": None}
    score = Score(0.5, parts={"completeness": 0.65, "per factor": [1, 2], "intervals": {"completeness": interval}})
    first, second = scores.rows({"dci": score})
    assert (first.name, first.part, second.name, second.part) == ("dci", False, "completeness", True)
    assert (second.value, second.interval, second.null) == ("0.650 ± 0.010", "0.600 to 0.700", "not measured")


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


def test_a_run_without_scores_has_none(tmp_path):
    assert scores.read(tmp_path) == {}
