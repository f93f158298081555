import numpy as np

from unweave.report import curves
from unweave.report.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Series


def line(values, steps=None):
    values = np.array(values, float)
    return Series(
        "a",
        np.arange(len(values), dtype=float) if steps is None else np.array(steps, float),
        values,
    )


def test_a_line_from_zero_to_ten_spans_the_box():
    drawn = curves.chart("t", "u", [line([5, 0, 10], steps=[0, 50, 100])])
    x = [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT]
    y = [(TOP + HEIGHT - BOTTOM) / 2, HEIGHT - BOTTOM, TOP]
    assert drawn.lines[0].raw == "M" + "L".join(
        f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)
    )


def test_the_first_steps_do_not_flatten_the_rest():
    values = [1e6, *[1 + 0.01 * i for i in range(99)]]
    drawn = curves.chart("t", "u", [line(values)])
    assert drawn.y_ticks[-1][1] == "2"


def test_a_value_that_is_not_finite_leaves_a_gap():
    raw = curves.chart("t", "u", [line([1, np.nan, 2, 3])]).lines[0].raw
    assert raw.count("M") == 2
    assert "nan" not in raw


def test_values_too_large_for_an_axis_are_left_out_as_infinite_ones():
    """A log may hold any number; the difference of these two is no float."""
    drawn = curves.chart("t", "u", [line([1, 1, 1e308, -1e308, 3])])
    assert [text for _, text in drawn.y_ticks] == ["1", "1.5", "2", "2.5", "3"]
    assert "inf" not in drawn.lines[0].raw


def test_a_constant_line_has_an_axis_around_it():
    drawn = curves.chart("t", "u", [line([7, 7, 7])])
    assert {text for _, text in drawn.y_ticks} > {"7"}


def test_terms_are_numbers_that_are_not_shown_elsewhere():
    records = [
        {"step": 1, "seconds": 2.0, "images_per_s": 3.0, "kl": 1.0, "kl per latent": [1.0]},
        {"step": 2, "b": 1},
    ]
    assert curves.terms(records) == ["kl", "b"]
    found = curves.series(records, "b", "name")
    assert (found.steps.tolist(), found.values.tolist()) == ([2.0], [1.0])
    assert curves.series(records, "absent", "name") is None


def test_tooltips_tell_the_nearest_record():
    drawn = curves.chart("t", "u", [line([1, 2, 3])])
    assert [text for _, _, text in drawn.readings] == ["step 0\na 1", "step 1\na 2", "step 2\na 3"]
