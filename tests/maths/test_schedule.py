"""Schedules at their first step, their last, and without a length."""

import pytest

from unweave.maths.schedule import ramp, scheduled


@pytest.mark.parametrize(
    ("step", "steps", "factor"), [(0, 1, 0.0), (1, 1, 1.0), (0, 0, 1.0), (5, 0, 1.0), (3, 4, 0.75)]
)
def test_a_ramp_by_hand(step, steps, factor):
    assert ramp(step, steps) == scheduled(step, "ramp", steps) == factor


def test_fine_tuning_without_a_length_begins_at_once():
    assert [scheduled(0, kind, 0) for kind in ("fixed", "ramp", "fine-tune")] == [1, 1, 1]
