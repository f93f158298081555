import re

import numpy as np

from unweave.report.heatmap import colour
from unweave.report.scatter import DARKEST, EDGE, LABEL, SIDE, scatter

LIMITS = np.array([[0.0, 0.0], [1.0, 1.0]])


def places(paths):
    return [
        tuple(map(int, point)) for path in paths for point in re.findall(r"M(\d+) (\d+)h0", path)
    ]


def test_points_stand_where_their_codes_are_with_low_values_at_the_left_and_below():
    codes = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.25]])
    found = places(path for _, path in scatter("t", codes, codes[:, 0], LIMITS, ("a", "b")).dots)
    assert found == [
        (LABEL, EDGE + 4 + SIDE),
        (LABEL + SIDE // 2, EDGE + 4 + SIDE * 3 // 4),
        (LABEL + SIDE, EDGE + 4),
    ]


def test_colours_follow_the_rank_of_the_shade():
    codes = np.random.default_rng(0).random((200, 2))
    dots = scatter("t", codes, np.exp(9 * codes[:, 1]), LIMITS, ("a", "b")).dots
    assert (dots[0][0], dots[-1][0]) == (colour(DARKEST)[0], "#fde725")
    rows = [np.mean([y for _, y in places([path])]) for _, path in dots]
    assert rows == sorted(rows, reverse=True)


def test_only_the_first_points_within_the_limits_are_drawn_and_all_are_counted():
    codes = np.full((50, 2), 0.5)
    codes[0] = 2.0
    found = scatter("t", codes, codes[:, 0], LIMITS, ("a", "b"), shown=10)
    assert len(places(path for _, path in found.dots)) == 9
    heights = [float(h) for h in re.findall(r"v-([\d.]+)h", found.above)]
    assert max(heights) == EDGE
    assert sum(h > 0 for h in heights) == 1
