import math
from itertools import pairwise

import pytest

from unweave.report.bars import LEFT, RIGHT, WIDTH, bars

TEXTS = [("a", "b"), ("c", "d")]


def test_bars_of_all_pairs_stand_on_one_scale_and_the_longest_fills_the_plot():
    drawn = bars("t", ["x", "y"], [(2.0, -4.0), (1.0, 0.0)], TEXTS).bars
    full = WIDTH - LEFT - RIGHT
    assert [bar.length for bar in drawn] == pytest.approx([full / 2, full, full / 4, 0], abs=0.1)
    assert [(bar.text, bar.colour) for bar in drawn] == [("a", 0), ("b", 1), ("c", 0), ("d", 1)]


def test_bars_do_not_overlap_and_names_stand_in_the_middle_of_their_pairs():
    found = bars("t", ["x", "y"], [(1.0, 1.0), (1.0, 1.0)], TEXTS)
    tops = [bar.y for bar in found.bars]
    assert all(b - a >= found.thick for a, b in pairwise(tops))
    assert found.names[0] == ((tops[0] + tops[1] + found.thick) / 2, "x")
    assert tops[-1] + found.thick <= found.height


def test_what_is_not_defined_has_no_bar_and_what_noise_has_stands_behind_its_pair():
    found = bars("t", ["x", "y"], [(math.nan, 1.0), (1.0, 0.5)], TEXTS, floors=[math.nan, 0.5])
    assert found.bars[0].length == 0
    ((y, length),) = found.floors
    assert y == found.bars[2].y
    assert length == found.bars[3].length
