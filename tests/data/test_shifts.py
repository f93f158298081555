import numpy as np
import pytest

from unweave.data.batches import stream
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages
from unweave.data.shifts import combinations, correlated, extrapolation, imbalanced, interpolation, mislabelled, without


@pytest.fixture
def grid() -> FactorImages:
    space = FactorSpace(("shape", "x", "y"), (3, 11, 11))
    return FactorImages(space, np.arange(363 * 4, dtype=np.uint8).reshape(363, 1, 2, 2), name="toy", binary=False)


def seen(data) -> np.ndarray:
    return data.at(np.arange(len(data)))


def test_a_correlation_has_the_law_it_states(grid):
    """Weights exp(-(a-b)^2 / (2 s^2)): with a - b = 1/10 and s = .1 they are exp(-1/2) of those on the diagonal."""
    big = FactorImages(
        FactorSpace(("x", "y", "n"), (11, 11, 500)), lambda v: np.zeros((len(v), 1, 1, 1), np.uint8), binary=True
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
    assert sorted(correlated(grid, [("x", "y")], 1e6).rows) == list(range(363))
    assert np.array_equal(correlated(grid, [("x", "y")], 0.2, 3).rows, correlated(grid, [("x", "y")], 0.2, 3).rows)


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
    cells = [{(shape, x * 2 // 11) for shape, x, _ in seen(side).tolist()} for side in (train, test)]
    assert (len(cells[0]), len(cells[1]), len(cells[0] | cells[1])) == (4, 2, 6)
    assert {shape for shape, _ in cells[0]} == {0, 1, 2}
    assert {half for _, half in cells[0]} == {0, 1}
    assert len(train) + len(test) == 363
    for seed in range(20):  # two of six: one shape would often be lost if it were not looked at
        assert len(np.unique(seen(combinations(grid, {"shape": 0, "x": 2}, 1 / 3, seed)[0])[:, 0])) == 3
    rows = [combinations(grid, {"shape": 0, "x": 0}, 0.25, seed)[1].rows.tolist() for seed in (0, 0, 1)]
    assert rows[0] == rows[1] != rows[2]


def test_wrong_labels_are_as_many_as_asked_for_and_really_wrong(grid):
    v, true = mislabelled(grid, 0.3), grid.factors.at(np.arange(363))
    assert (v != true).mean() == pytest.approx(0.3, abs=0.05)
    assert (mislabelled(grid, 1.0) != true).all()
    assert np.array_equal(mislabelled(grid, 0.0), true)


def test_streams_of_a_shift_hold_only_what_it_shows(grid):
    rest, _ = without(grid, {"shape": [2], "x": [0, 1]})
    for kind in ("images", "pairs", "groups", "triplets", "views", "classes"):
        v = rest.at(stream(rest, {kind}, batch_size=48)(0).index.numpy().reshape(-1))
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
        (lambda d: combinations(d, {"shape": 0, "x": 12}), "x has 11 values; it cannot be cut into 12 parts"),
        (lambda d: combinations(d, {"shape": 0, "x": 2}, 0.9), "5 of 6 combinations of shape, x cannot be held out"),
        (lambda d: combinations(d, {"shape": 0, "x": 2}, 0.01), "0 of 6 combinations of shape, x cannot be held out"),
        (lambda d: mislabelled(d, 1.5), "from 0 to 1"),
    ],
)
def test_shifts_that_cannot_be_are_refused(grid, shift, message):
    with pytest.raises(ValueError, match=message):
        shift(grid)
