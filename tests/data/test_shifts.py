import numpy as np
import pytest

from unweave.data.base import Dataset
from unweave.data.classes import with_classes
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.sampling.batches import stream
from unweave.data.shifts.views import (
    combinations,
    correlated,
    extrapolation,
    imbalanced,
    interpolation,
    mislabelled,
    without,
)
from unweave.data.subsets import split, subset
from unweave.evaluation.encoding import known_factors
from unweave.evaluation.evaluate import evaluate


@pytest.fixture
def grid() -> FactorImages:
    space = FactorSpace(("shape", "x", "y"), (3, 11, 11))
    return FactorImages(
        space, np.arange(363 * 4, dtype=np.uint8).reshape(363, 1, 2, 2), name="toy", binary=False
    )


def seen(data) -> np.ndarray:
    return data.factors_at(np.arange(len(data)))


def test_a_correlation_has_the_law_it_states(grid):
    """Weights exp(-(a-b)^2 / (2 s^2)): with a - b = 1/10 and s = .1 they are exp(-1/2) of those on the diagonal."""
    big = FactorImages(
        FactorSpace(("x", "y", "n"), (11, 11, 500)),
        lambda v: np.zeros((len(v), 1, 1, 1), np.uint8),
        binary=True,
    )
    v = seen(correlated(big, [("x", "y")], 0.1))
    table = np.histogram2d(v[:, 0], v[:, 1], bins=11)[0]
    assert len(v) == len(big)
    assert table[5, 6] / table[5, 5] == pytest.approx(np.exp(-0.5), rel=0.01)
    assert table[5, 7] / table[5, 5] == pytest.approx(np.exp(-2.0), rel=0.02)
    assert np.corrcoef(seen(correlated(grid, [("x", "-y")], 0.1)).T)[1, 2] < -0.9
    both = np.corrcoef(seen(correlated(grid, [("shape", "x"), ("shape", "y")], 0.2)).T)
    assert both[0, 1] > 0.8
    assert both[1, 2] > 0.6  # they never met but through their confounder


def test_a_weak_correlation_is_none_and_seeds_are_kept(grid):
    assert sorted(correlated(grid, [("x", "y")], 1e6).base_rows) == list(range(363))
    assert np.array_equal(
        correlated(grid, [("x", "y")], 0.2, 3).base_rows,
        correlated(grid, [("x", "y")], 0.2, 3).base_rows,
    )


def test_imbalance(grid):
    counts = np.bincount(seen(imbalanced(grid, "shape", 9.0))[:, 0])
    assert counts / 363 == pytest.approx([9 / 13, 3 / 13, 1 / 13], abs=0.01)


def test_combinations_values_between_and_values_beyond_are_held_out(grid):
    rest, held = without(grid, {"shape": [2], "x": [0, 1]})
    assert len(held) == 22
    assert len(rest) == 341
    assert {tuple(v) for v in seen(held)[:, :2].tolist()} == {(2, 0), (2, 1)}
    train, test = extrapolation(grid, "x", 0.3)
    assert sorted(set(seen(train)[:, 1])) == list(range(8))
    assert sorted(set(seen(test)[:, 1])) == [8, 9, 10]
    train, test = interpolation(grid, "y")
    assert sorted(set(seen(test)[:, 2])) == [1, 3, 5, 7, 9]
    again, _ = without(train, {"shape": [0]})  # shifts of shifts
    assert set(seen(again)[:, 0]) == {1, 2}
    assert "without combinations shape in [0]; without interpolation of y" in again.about


def test_random_combinations_are_held_out_and_every_value_of_each_factor_is_seen(grid):
    train, test = combinations(grid, {"shape": 0, "x": 2}, 1 / 3)
    cells = [
        {(shape, x * 2 // 11) for shape, x, _ in seen(side).tolist()} for side in (train, test)
    ]
    assert (len(cells[0]), len(cells[1]), len(cells[0] | cells[1])) == (4, 2, 6)
    assert {shape for shape, _ in cells[0]} == {0, 1, 2}
    assert {half for _, half in cells[0]} == {0, 1}
    assert len(train) + len(test) == 363
    for seed in range(20):  # two of six: one shape would often be lost if it were not looked at
        assert (
            len(np.unique(seen(combinations(grid, {"shape": 0, "x": 2}, 1 / 3, seed)[0])[:, 0]))
            == 3
        )
    rows = [
        combinations(grid, {"shape": 0, "x": 0}, 0.25, seed)[1].base_rows.tolist()
        for seed in (0, 0, 1)
    ]
    assert rows[0] == rows[1] != rows[2]


def test_wrong_labels_are_as_many_as_asked_for_and_really_wrong(grid):
    rows, true = np.arange(363), grid.factors.factors_at(np.arange(363))
    wrong = mislabelled(grid, [], 0.3)
    v = wrong.observed_factors(rows)
    assert (v != true).mean(0) == pytest.approx(0.3, abs=0.08)
    assert np.array_equal(grid.factors.check(v), v)
    assert np.array_equal(v[[5, 5, 90]], wrong.observed_factors([5, 5, 90]))  # of the row alone
    assert (mislabelled(grid, [], 0.3, seed=1).observed_factors(rows) != v).any()
    always = mislabelled(grid, ["x"], 1.0).observed_factors(rows)
    assert (always != true).mean(0).tolist() == [0, 1, 0]
    steps = np.bincount((always - true)[:, 1] % 11, minlength=11)
    assert steps[0] == 0
    assert steps[1:].min() > 20  # of 36.3: every other value is as likely
    assert np.array_equal(mislabelled(grid, [], 0.0).observed_factors(rows), true)


def test_wrong_labels_leave_the_images_and_what_they_show(grid):
    wrong, rows = mislabelled(grid, [], 1.0), np.arange(363)
    true = grid.factors.factors_at(rows)
    assert np.array_equal(wrong.take(rows), grid.take(rows))
    assert np.array_equal(wrong.images(true), grid.images(true))
    assert np.array_equal(wrong.factors_at(rows), true)
    assert np.array_equal(wrong.sample_factors(9, 0), grid.sample_factors(9, 0))
    assert wrong.info == grid.info
    assert not np.array_equal(
        mislabelled(wrong, [], 1.0).observed_factors(rows), wrong.observed_factors(rows)
    )
    once = mislabelled(grid, [], 0.5)
    twice = mislabelled(once, [], 0.5).observed_factors(rows)  # the same seed, other errors
    assert (twice != once.observed_factors(rows))[
        once.observed_factors(rows) == grid.factors_at(rows)
    ].any()


class Around(Dataset):
    """A data set of one's own around another one, with what it says of itself."""

    def __init__(self, of):
        self.of = of
        self.name, self.grid = of.name, of.grid
        self.layers_of_errors = of.layers_of_errors

    def __len__(self):
        return len(self.of)

    def take(self, rows):
        return self.of.take(rows)

    def observed_factors(self, rows):
        return self.of.observed_factors(rows)


def test_errors_on_top_of_errors_differ_whatever_class_the_data_are_of(grid):
    rows = np.arange(363)
    once = mislabelled(grid, [], 0.5)
    twice = mislabelled(once, [], 0.5).observed_factors(rows)
    around = mislabelled(Around(once), [], 0.5)
    assert np.array_equal(around.observed_factors(rows), twice)
    view = without(around, {"shape": [0]})[0]
    assert [data.layers_of_errors for data in (grid, once, around, view)] == [0, 1, 2, 2]


def test_wrong_labels_reach_supervision_classes_groups_and_metrics_but_not_pairs(grid):
    wrong, rows = mislabelled(grid, [], 1.0), np.arange(363)
    told, true = wrong.observed_factors(rows), grid.factors.factors_at(rows)
    beside = stream(wrong, {"images", "labels"}, batch_size=64, labels=0)(0).labelled
    assert np.array_equal(beside.v.numpy(), told[beside.index.numpy()])
    assert np.array_equal(with_classes(wrong, "shape").y, told[:, 0])
    assert np.array_equal(known_factors(wrong, rows), told)
    groups = stream(wrong, {"groups"}, batch_size=64, shared=("shape",))(0).index.numpy()
    assert (told[groups][:, :, 0] == told[groups][:, :1, 0]).all()
    assert (true[groups][:, :, 0] != true[groups][:, :1, 0]).any()
    pairs = stream(wrong, {"pairs"}, batch_size=64)(0)
    a, b = true[pairs.index.numpy()].transpose(1, 0, 2)
    assert np.array_equal(pairs.changed.numpy(), a != b)
    assert ((a != b).sum(1) == 1).all()


def test_a_view_keeps_wrong_labels_and_scores_are_of_them(grid):
    first, _ = without(mislabelled(grid, [], 1.0), {"shape": [0]})
    last = mislabelled(without(grid, {"shape": [0]})[0], [], 1.0)
    rows = np.arange(len(first))
    for view in (first, last, subset(first, rows), split(last, 0.5, 0)[0]):
        every = np.arange(len(view))
        assert (view.observed_factors(every) != view.factors_at(every)).all()
        assert set(view.factors_at(every)[:, 0]) == {1, 2}  # rows are chosen by what they show
    assert np.array_equal(
        first.observed_factors(rows), last.observed_factors(rows)
    )  # in either order
    assert np.array_equal(first.take(rows), last.take(rows))


def test_scores_are_of_the_labels_that_are_told():
    """A true code tells ln 3 of a factor of 3 values; of labels that are one of the 2 wrong values, ln 3 - ln 2."""
    grid = FactorImages(
        FactorSpace(("a", "b", "c"), (3, 3, 500)), lambda v: v.astype(np.uint8)[..., None, None]
    )

    def told(data: FactorImages) -> np.ndarray:
        return evaluate(lambda images: images[:, :2, 0, 0].astype(float), "mig", data=data)[
            "mig"
        ].matrix[:, :2]

    for fraction, information in ((0.0, np.log(3)), (1.0, np.log(1.5))):
        wrong = mislabelled(grid, ["a", "b"], fraction)
        for data in (wrong, without(wrong, {"c": [0]})[0]):
            assert told(data) == pytest.approx(information * np.eye(2), abs=0.01)


def test_streams_of_a_shift_hold_only_what_it_shows(grid):
    rest, _ = without(grid, {"shape": [2], "x": [0, 1]})
    for kind in ("images", "pairs", "groups", "triplets", "views", "classes"):
        v = rest.factors_at(stream(rest, {kind}, batch_size=48)(0).index.numpy().reshape(-1))
        assert not ((v[:, 0] == 2) & (v[:, 1] < 2)).any()


@pytest.mark.parametrize(
    ("shift", "message"),
    [
        (lambda d: correlated(d, [("x", "z")], 0.1), "no factor 'z'"),
        (lambda d: correlated(d, [("x", "y")], 0.0), "strength above 0"),
        (lambda d: imbalanced(d, "x", -1.0), "ratio is -1"),
        (lambda d: without(d, {"x": [11]}), "x has no value 11"),
        (lambda d: without(d, {"x": list(range(11))}), "one side without a row"),
        (lambda d: extrapolation(d, "shape", 0.01), "leaves none on one side"),
        (lambda d: interpolation(d, "x", 1), "cannot be held out"),
        (lambda d: mislabelled(d, [], 1.5), "from 0 to 1"),
        (lambda d: mislabelled(d, ["z"], 0.5), "no factor 'z'"),
        (
            lambda d: combinations(d, {"shape": 0, "x": 12}),
            "x has 11 values; it cannot be cut into 12 parts",
        ),
        (
            lambda d: combinations(d, {"shape": 0, "x": 2}, 0.9),
            "5 of 6 combinations of shape, x cannot be held out",
        ),
        (
            lambda d: combinations(d, {"shape": 0, "x": 2}, 0.01),
            "0 of 6 combinations of shape, x cannot be held out",
        ),
    ],
)
def test_shifts_that_cannot_be_are_refused(grid, shift, message):
    with pytest.raises(ValueError, match=message):
        shift(grid)
