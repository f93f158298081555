from dataclasses import replace

import numpy as np
import pytest
from tests.configs import config

from unweave import data
from unweave.data.datasets.arrays import arrays
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.overview.describe import described
from unweave.data.shifts import views as shifts
from unweave.data.shifts.text import shifted
from unweave.runs import run

SPACE = FactorSpace(("shape", "x", "y"), (3, 8, 8))
GRID = FactorImages(
    SPACE, np.arange(192 * 4, dtype=np.uint8).reshape(192, 1, 2, 2), name="toy", binary=False
)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("correlated:x,y,strength=0.2", lambda: shifts.correlated(GRID, [("x", "y")], 0.2)),
        (
            "correlated: shape, x, shape, -y, strength=0.3, seed=4",
            lambda: shifts.correlated(GRID, [("shape", "x"), ("shape", "-y")], 0.3, 4),
        ),
        ("imbalanced:shape,ratio=9", lambda: shifts.imbalanced(GRID, "shape", 9.0)),
        (
            "without:shape=2,x=0-2+5",
            lambda: shifts.without(GRID, {"shape": [2], "x": [0, 1, 2, 5]})[0],
        ),
        ("only:shape=2", lambda: shifts.without(GRID, {"shape": [2]})[1]),
        ("extrapolation:x,fraction=0.5", lambda: shifts.extrapolation(GRID, "x", 0.5)[0]),
        ("extrapolation:x,side=test", lambda: shifts.extrapolation(GRID, "x")[1]),
        ("interpolation:x,every=3", lambda: shifts.interpolation(GRID, "x", 3)[0]),
        (
            "combinations:shape,x/2,seed=3",
            lambda: shifts.combinations(GRID, {"shape": 0, "x": 2}, seed=3)[0],
        ),
        (
            "combinations:x,y/4,fraction=.5,side=test",
            lambda: shifts.combinations(GRID, {"x": 0, "y": 4}, 0.5)[1],
        ),
        (
            "only:shape=0; imbalanced:x,ratio=4",
            lambda: shifts.imbalanced(shifts.without(GRID, {"shape": [0]})[1], "x", 4.0),
        ),
    ],
)
def test_text_says_what_the_functions_do(text, same):
    found, expected = shifted(GRID, text), same()
    assert np.array_equal(found.base_rows, expected.base_rows)
    assert len(found.base_rows)
    assert found.about == expected.about


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("correlatd:x,y,strength=1", "no shift 'correlatd'; did you mean 'correlated'"),
        ("correlated:x,strength=1", "pairs: a,b"),
        ("correlated:x,y", "correlated needs strength=NUMBER"),
        ("correlated:x,z,strength=1", "no factor 'z'; the factors are shape, x, y"),
        ("correlated:x,y,strength=1,sede=3", "takes no 'sede'; did you mean 'seed'"),
        ("imbalanced:x,y,ratio=2", "one name"),
        ("imbalanced:x,ratio=many", "'many'"),
        ("without:shape", "expected without:FACTOR=VALUES"),
        ("without:shape=7", "shape has no value 7"),
        ("without:shape=a", "'a'"),
        ("extrapolation:x,side=left", "side is train or test"),
        ("combinations:x", "for `combinations` several: a,b/2"),
        ("combinations:x,y/two", "'two'"),
        ("imbalanced:x,ratio=2,side=test", "takes no 'side'"),
        ("mislabelled:x", "mislabelled needs fraction=NUMBER"),
        ("mislabelled:fraction=2", "from 0 to 1"),
        ("mislabelled:fraction=.1,side=test", "takes no 'side'"),
        (";", "there is no shift ''"),
    ],
)
def test_a_shift_that_says_nothing_is_refused_with_its_own_words(text, message):
    with pytest.raises(ValueError, match=message):
        shifted(GRID, text)


def test_wrong_labels_are_a_shift_like_any_other():
    rows = np.arange(192)
    found = shifted(GRID, "mislabelled:fraction=0.25,seed=3")
    assert np.array_equal(
        found.observed_factors(rows), shifts.mislabelled(GRID, [], 0.25, 3).observed_factors(rows)
    )
    few = shifted(GRID, "mislabelled:x,y,fraction=1")
    assert (few.observed_factors(rows) != few.factors_at(rows)).mean(0).tolist() == [0, 1, 1]
    both = shifted(GRID, "only:shape=1; mislabelled:fraction=0.25,seed=3")
    assert np.array_equal(
        both.observed_factors(np.arange(64)), found.observed_factors(both.base_rows)
    )
    assert both.about == "25% of the labels wrong; only combinations shape in [1]; in memory"
    lines = "\n".join(described(few))
    assert "labels     wrong on purpose: shape 0.0%, x 100.0%, y 100.0%" in lines
    assert "wrong on purpose" not in "\n".join(described(GRID))


def test_images_without_a_grid_cannot_be_shifted():
    plain = arrays(np.zeros((4, 1, 8, 8), np.uint8))
    with pytest.raises(
        ValueError, match="takes images of every combination of known factors; arrays are not"
    ):
        shifted(plain, "imbalanced:x,ratio=2")


def test_load_takes_a_shift_for_every_source():
    assert set(np.unique(data.load(GRID, shift="only:shape=1").factors_at(range(64))[:, 0])) == {1}
    kept = data.load("cdsprites", shift="only:angle=0-1")
    assert len(kept) == 2 * kept.factors.sizes[1 - kept.factors.index("angle")]
    assert all("shift" in data.options(source) for source in (*data.names(), GRID))
    with pytest.raises(ValueError, match="toy has no option 'size'"):
        data.load(GRID, size=3)


def test_a_run_opens_its_shifted_data_again():
    made = config()
    chosen = replace(made.data, source="cdsprites", options={"shift": "imbalanced:angle,ratio=5"})
    again = run.open_data(replace(made, data=chosen))
    assert np.array_equal(
        again.base_rows, shifts.imbalanced(data.load("cdsprites"), "angle", 5.0).base_rows
    )
