import numpy as np
import pytest

from unweave.metrics.base import Score
from unweave.report import heatmap
from unweave.report.matrices import matrices
from unweave.report.views import Views


def drawn(matrix):
    matrix = np.array(matrix, float)
    names = [f"z{j}" for j in range(len(matrix))], [f"v{k}" for k in range(matrix.shape[1])]
    return heatmap.heatmap("t", matrix, *names, "nats")


def test_the_largest_entry_is_the_brightest_and_zero_the_darkest():
    cells = drawn([[0.0, 0.5], [0.25, 0.0]]).cells
    assert [c.fill for c in cells] == ["#440154", "#fde725", heatmap.colour(0.5)[0], "#440154"]
    assert [c.text for c in cells] == [".00", ".50", ".25", ".00"]
    assert cells[1].title == "z0, v1: 0.5 nats"


def test_two_matrices_can_be_drawn_on_one_scale():
    drawn_to = heatmap.heatmap("t", np.array([[0.5]]), ["z0"], ["v0"], "", top=1.0)
    assert drawn_to.cells[0].fill == heatmap.colour(0.5)[0]
    assert drawn_to.top == "1"


@pytest.mark.parametrize(
    "odd", ["x", {}, [[1.0]], ["x"], [None], [-1, 0], [0.5, 1], [1e300, 1], []]
)
@pytest.mark.parametrize("part", ["entropy", "columns"])
def test_parts_of_a_score_that_mean_something_else_are_passed_over(known_run, part, odd):
    score = Score(0.5, matrix=np.eye(2, 3), parts={part: odd})
    (drawn_as,) = matrices(Views(known_run()), {"theirs": score})
    assert drawn_as.title == "Behind theirs"
    assert [name for _, name in drawn_as.rows] == ["z0", "z1"]


def test_an_undefined_entry_is_blank():
    cell = drawn([[1.0, np.nan]]).cells[1]
    assert (cell.fill, cell.text) == ("none", "–")
    assert cell.title == "z0, v1: not defined"


def test_a_matrix_of_zeros_is_dark():
    assert {c.fill for c in drawn([[0.0, 0.0]]).cells} == {"#440154"}


@pytest.mark.parametrize("t", np.linspace(0, 1, 41))
def test_ink_can_be_read_on_every_colour(t):
    fill, ink = heatmap.colour(t)
    assert contrast(fill, "#000000" if ink == "#000" else "#ffffff") >= 4.5  # WCAG 2, level AA


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_zero_has_no_sign():
    assert [c.text for c in drawn([[1.0, -0.001, -0.0]]).cells[1:]] == [".00", ".00"]
    assert drawn([[1.0, -0.0]]).cells[1].title == "z0, v1: 0 nats"
