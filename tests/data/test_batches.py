import numpy as np
import pytest
import torch

from unweave.data.classes import with_classes
from unweave.data.convert import scale
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.sampling.batches import Pixels, stream
from unweave.data.sampling.grid_cells import GridCells
from unweave.data.sampling.listed_cells import ListedCells
from unweave.data.shifts.labels import labelled
from unweave.data.subsets import split, subset
from unweave.data.view import View
from unweave.types import to_unit

KINDS = ("images", "groups", "pairs", "triplets", "clips", "views", "classes")
SIZES = (1, 3, 4, 5)


def numbered(n: int) -> np.ndarray:
    """Images (n, 1, 2, 2) whose pixels tell their row."""
    rows = np.arange(n)
    return (
        np.stack([rows % 251, rows // 251, rows % 7, rows % 3], 1)
        .astype(np.uint8)
        .reshape(n, 1, 2, 2)
    )


@pytest.fixture
def grid() -> FactorImages:
    return FactorImages(
        FactorSpace(("colour", "shape", "size", "x"), SIZES), numbered(60), binary=False
    )


@pytest.fixture
def photos() -> ImageData:
    y = np.arange(60) % 3
    return ImageData(numbered(60), y=y, groups=np.arange(60) // 10, name="photos")


def rows_shown(x: torch.Tensor) -> torch.Tensor:
    pixels = (x * 255).round().long()
    return pixels[..., 0, 0, 0] + 251 * pixels[..., 0, 0, 1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", ["whole", "training part", "held-out part", "classes", "photos"])
def test_equal_steps_give_equal_batches_of_the_rows_they_name(grid, photos, kind, view):
    parts = split(grid, 0.4, 0)
    data = {
        "whole": grid,
        "training part": parts[0],
        "held-out part": parts[1],
        "classes": with_classes(grid, "size"),
        "photos": photos,
    }[view]
    at, again = (stream(data, {kind}, batch_size=24, seed=3, clip_length=4) for _ in range(2))
    batches = [at(step) for step in range(5)]
    for step in reversed(range(5)):  # in another order: no position is kept
        assert torch.equal(batches[step].x, again(step).x)
        assert torch.equal(batches[step].index, again(step).index)
    assert not torch.equal(batches[0].index, batches[1].index)
    other = stream(data, {kind}, batch_size=24, seed=4, clip_length=4)(0)
    assert not torch.equal(batches[0].index, other.index)
    for batch in batches:
        assert batch.x.dtype == torch.float32
        assert batch.x.shape == (*batch.index.shape, 1, 2, 2)
        shown = rows_shown(batch.x)
        rows = (
            torch.from_numpy(data.base_rows)[batch.index] if isinstance(data, View) else batch.index
        )
        assert torch.equal(shown, rows)
        members = {
            "images": (),
            "groups": (4,),
            "pairs": (2,),
            "triplets": (3,),
            "clips": (4,),
            "views": (2,),
        }
        assert batch.index.shape[1:] == members.get(kind, ())


def test_pixels_run_from_0_to_exactly_1():
    x = to_unit(torch.arange(256, dtype=torch.uint8).view(64, 1, 2, 2)).flatten()
    assert x[0] == 0
    assert x[255] == 1
    assert torch.equal(x, torch.arange(256) / 255)


@pytest.mark.parametrize(
    "vectors", [torch.tensor([[-3.0, 700.0]]), torch.tensor([[[3, 200], [0, 255]]]).byte()]
)
def test_vectors_are_never_divided(vectors):
    assert torch.equal(to_unit(vectors), vectors.float())
    assert np.array_equal(scale.to_unit(vectors.numpy()), vectors.numpy())


def test_pixels_on_arrays_are_those_on_tensors():
    levels = np.arange(256, dtype=np.uint8).reshape(64, 1, 2, 2)
    assert np.array_equal(scale.to_unit(levels), to_unit(torch.from_numpy(levels)).numpy())
    assert np.array_equal(scale.to_unit(levels, np.float64), levels / 255.0)
    floats = scale.to_unit(levels)
    assert np.array_equal(scale.to_unit(floats), floats)


def test_vectors_are_streamed_as_they_are():
    points = np.random.default_rng(0).normal(size=(20, 7)).astype(np.float32)
    batch = stream(ImageData(points), {"images"}, batch_size=5)(0)
    assert np.array_equal(batch.x.numpy(), points[batch.index])


def test_rows_are_uniform_with_replacement_and_each_once_an_epoch_without(grid):
    counts = np.bincount(
        torch.cat([stream(grid, {"images"}, seed=1)(t).index for t in range(200)]), minlength=60
    )
    assert counts.min() > 150  # of 213 expected, standard deviation 14.5
    assert counts.max() < 280
    at = stream(
        grid, {"images"}, batch_size=24, replacement=False
    )  # 2.5 batches an epoch: batches straddle epochs
    epochs = torch.cat([at(t).index for t in range(10)]).reshape(4, 60)
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(60))
    assert not torch.equal(epochs[0], epochs[1])
    assert torch.equal(
        stream(grid, {"images"}, batch_size=24, replacement=False)(7).index, at(7).index
    )


def test_groups_share_the_first_factor_that_varies_or_the_named_ones_or_the_class(grid, photos):
    v = grid.factors.factors_at(
        stream(grid, {"groups"}, batch_size=60, group_size=5)(0).index.numpy()
    )
    assert v.shape == (12, 5, 4)
    assert (v[..., 1] == v[:, :1, 1]).all()
    assert not (v[..., 2] == v[:, :1, 2]).all(1).any()
    v = grid.factors.factors_at(
        stream(grid, {"groups"}, batch_size=60, group_size=5, shared=("x", "shape"))(
            0
        ).index.numpy()
    )
    assert (v[..., [1, 3]] == v[:, :1, [1, 3]]).all()
    assert len(np.unique(v[..., 2])) == 4
    index = stream(photos, {"groups"}, batch_size=24)(0).index.numpy()
    assert (index // 10 == index[:, :1] // 10).all()
    same = stream(ImageData(numbered(60), y=np.arange(60) % 3), {"groups"}, batch_size=24)(0)
    assert (same.y == same.y[:, :1]).all()


@pytest.mark.parametrize("changed", [1, 2, 3])
def test_a_pair_differs_in_exactly_the_number_of_factors_asked_for(grid, changed):
    at = stream(grid, {"pairs"}, batch_size=200, changed=changed)
    batch = at(0)
    v = grid.factors.factors_at(batch.index.numpy())
    assert np.array_equal(v[:, 0] != v[:, 1], batch.changed.numpy())
    assert (batch.changed.sum(1) == changed).all()
    assert not batch.changed[:, 0].any()  # colour has one value
    seen = torch.cat([at(t).changed for t in range(20)]).float().mean(0)
    assert seen[1:].numpy() == pytest.approx([changed / 3] * 3, abs=0.05)


def test_a_random_number_of_changed_factors_is_uniform(grid):
    numbers = torch.cat(
        [stream(grid, {"pairs"}, batch_size=400, changed=0)(t).changed.sum(1) for t in range(5)]
    )
    assert numbers.unique().tolist() == [1, 2]
    assert (numbers == 1).float().mean() == pytest.approx(0.5, abs=0.06)


def test_the_new_value_of_a_changed_factor_is_uniform_over_the_others(grid):
    batch = stream(grid, {"pairs"}, batch_size=8000)(0)
    v = grid.factors.factors_at(batch.index.numpy())[batch.changed[:, 3].numpy()][..., 3]
    table = np.zeros((5, 5))
    np.add.at(table, (v[:, 0], v[:, 1]), 1)
    assert (table.diagonal() == 0).all()
    assert table[~np.eye(5, dtype=bool)] == pytest.approx(len(v) / 20, abs=5 * np.sqrt(len(v) / 20))


def test_the_sampler_of_disentanglement_lib_keeps_the_old_value_as_often_as_any(grid):
    """One factor drawn again from s values keeps its value with probability 1/s: (1/3 + 1/4 + 1/5) / 3 of the pairs."""
    at = stream(grid, {"pairs"}, batch_size=2000, changed=1, pairs="dlib")
    same = torch.cat([at(t).changed.sum(1) == 0 for t in range(5)]).float().mean()
    assert same == pytest.approx((1 / 3 + 1 / 4 + 1 / 5) / 3, abs=0.03)
    at = stream(
        grid, {"pairs"}, batch_size=2000, changed=3, pairs="dlib"
    )  # half of them draw one factor only
    differ = torch.cat([at(t).changed.sum(1) for t in range(5)]).float().mean()
    assert differ == pytest.approx((1 + 3) / 2 / 3 * (2 / 3 + 3 / 4 + 4 / 5), abs=0.05)


def test_triplets_are_two_of_one_class_and_one_of_another(grid, photos):
    for data in (grid, photos):
        batch = stream(data, {"triplets"}, batch_size=60)(0)
        assert batch.y.shape == (20, 3)
        assert (batch.y[:, 0] == batch.y[:, 1]).all()
        assert (batch.y[:, 0] != batch.y[:, 2]).all()
        assert (batch.index[:, 0] != batch.index[:, 1]).all()
    assert torch.equal(batch.y, batch.index % 3)


def test_clips_move_by_one_and_bounce(grid, photos):
    v = grid.factors.factors_at(
        stream(grid, {"clips"}, batch_size=400, clip_length=10)(0).index.numpy()
    )
    steps = np.diff(v, axis=1)
    assert np.abs(steps).max() == 1
    assert (steps[..., :2] == 0).all()
    assert (np.abs(steps).sum((1, 2)) > 0).all()
    moved = np.abs(steps[..., 3]).sum(1)
    assert set(moved) == {0, 9}  # a factor that moves never pauses
    index = stream(photos, {"clips"}, batch_size=24, clip_length=4)(0).index.numpy()
    assert (np.diff(index, axis=1) == 1).all()
    assert (index // 10 == index[:, :1] // 10).all()


def test_views_differ_in_the_last_factor_or_those_named(grid):
    v = grid.factors.factors_at(stream(grid, {"views"}, batch_size=60)(0).index.numpy())
    assert (v[:, 0, :3] == v[:, 1, :3]).all()
    assert (v[:, 0, 3] != v[:, 1, 3]).all()
    v = grid.factors.factors_at(
        stream(grid, {"views"}, batch_size=60, moving=("size",))(0).index.numpy()
    )
    assert (v[:, 0, [1, 3]] == v[:, 1, [1, 3]]).all()
    assert (v[:, 0, 2] != v[:, 1, 2]).all()


def test_classes_alternate_over_factors_with_equally_many_images_of_each(grid, photos):
    at = stream(grid, {"classes"}, batch_size=20, per_class=4)
    for step in range(6):
        batch = at(step)
        v = grid.factors.factors_at(batch.index.numpy())[:, 1 + step % 3]
        assert np.array_equal(v, batch.y.numpy())
        size = SIZES[1 + step % 3]
        assert np.bincount(v).tolist() == [20 // size] * size
        assert len(set(batch.index.tolist())) == len(batch.index)
    batch = stream(photos, {"classes"}, batch_size=24)(5)
    assert torch.equal(batch.y, batch.index % 3)


def test_observed_factors_alternate_in_their_order_in_place_of_classes(grid):
    """Of data with classes too; any half of a batch has them all, as two processes take halves."""
    at = stream(with_classes(grid, "x"), {"classes"}, batch_size=24, observed=("size", "shape"))
    for step in range(4):
        batch = at(step)
        k = 2 - step % 2
        assert np.array_equal(grid.factors.factors_at(batch.index.numpy())[:, k], batch.y.numpy())
        assert len(set(batch.y[:12].tolist())) == len(set(batch.y[12:].tolist())) == SIZES[k]


def test_factors_of_a_table_alternate_without_missing_labels_and_measurements():
    v = np.stack([np.arange(40) % 2, np.arange(40) / 7, np.arange(40) // 10, np.zeros(40)], 1)
    v[:6, 0] = np.nan
    names = ("smile", "age", "person", "same")
    data = ImageData(numbered(40), labels=v, factor_names=names, factor_sizes=(2, 0, 4, 1))
    at = stream(data, {"classes"}, batch_size=16)
    for step in range(4):
        batch = at(step)
        labels = v[batch.index.numpy(), 0 if step % 2 == 0 else 2]
        assert len(np.unique(labels)) == (2 if step % 2 == 0 else 4)
        assert np.array_equal(labels, batch.y.numpy())


def test_a_factor_of_which_a_view_shows_one_value_is_left_out_of_the_turns(grid):
    rows = np.flatnonzero(grid.factors.factors_at(np.arange(60))[:, 2] == 1)
    at = stream(subset(grid, rows), {"classes"}, batch_size=12)
    assert [len(at(step).y.unique()) for step in range(4)] == [3, 3, 3, 3]
    with pytest.raises(ValueError, match="one class only"):
        stream(subset(grid, rows), {"classes"}, batch_size=12, observed=("size",))


def test_labels_are_a_fixed_table_beside_the_stream(grid):
    at = stream(grid, {"images", "labels"}, batch_size=64, labels=10, seed=2)
    beside = [at(t).labelled for t in range(20)]
    seen = torch.cat([b.index for b in beside])
    assert len(seen.unique()) == 10
    for batch in beside:
        assert np.array_equal(grid.factors.factors_at(batch.index.numpy()), batch.v.numpy())
        assert torch.equal(rows_shown(batch.x), batch.index)
    assert (
        len(
            torch.cat(
                [stream(grid, {"labels"}, labels=0)(t).labelled.index for t in range(20)]
            ).unique()
        )
        == 60
    )


def test_partial_labels_are_missing_for_the_other_factors(grid):
    _, v = labelled(grid, 0, count=10, observed=("size",))
    assert np.isnan(v[:, [0, 1, 3]]).all()
    assert not np.isnan(v[:, 2]).any()
    with pytest.raises(ValueError, match="no factor 'hue'"):
        labelled(grid, 0, observed=("hue",), count=5)


def test_spoilt_labels():
    data = FactorImages(FactorSpace(("x", "y"), (40, 25)), numbered(1000), binary=False)
    rows, v = labelled(data, 0, count=0, kind="binned", strength=4.0)
    true = data.factors.factors_at(rows)
    assert sorted(set(v[:, 0])) == [4, 14, 24, 34]  # bins of 10 values: 0..9 becomes 4
    assert np.abs(v[:, 0] - true[:, 0]).max() == 5
    _, v = labelled(data, 0, count=0, kind="noisy", strength=0.5)
    assert (v[:, 0] != true[:, 0]).mean() == pytest.approx(0.5 * 39 / 40, abs=0.05)
    assert np.array_equal(v, labelled(data, 0, count=0, kind="noisy", strength=0.5)[1])
    _, v = labelled(data, 0, count=0, kind="permuted")
    assert len(set(zip(true[:, 0].tolist(), v[:, 0].tolist(), strict=True))) == 40  # one to one
    assert not np.array_equal(v[:, 0], true[:, 0])


def test_few_labels_are_equally_many_of_each_class(photos):
    rows, v = labelled(photos, 0, count=9)
    assert v is None
    assert np.bincount(rows % 3).tolist() == [3, 3, 3]
    rare = ImageData(numbered(60), y=np.repeat([0, 1, 2], [50, 6, 4]))
    assert np.bincount(rare.y[labelled(rare, 0, count=15)[0]]).tolist() == [6, 5, 4]
    batch = stream(photos, {"labels"}, labels=9)(0).labelled
    assert torch.equal(batch.y, batch.index % 3)


def test_rows_without_any_label_are_never_labelled():
    labels = np.full((20, 2), np.nan)
    labels[3, 0], labels[7] = 1, (0, 2)
    data = ImageData(numbered(20), labels=labels, factor_names=("a", "b"), factor_sizes=(2, 3))
    rows, v = labelled(data, 0, count=0)
    assert rows.tolist() == [3, 7]
    assert v[1].tolist() == [0, 2]
    assert np.isnan(v[0, 1])
    with pytest.raises(ValueError, match="100 labels wanted, but arrays has 2 rows"):
        labelled(data, 0)


@pytest.mark.parametrize(
    "kind", ["groups", "pairs", "triplets", "clips", "views", "classes", "labels"]
)
def test_data_that_cannot_make_a_batch_say_why_and_what_would(kind):
    with pytest.raises(ValueError, match=r"photos .*(give|use data)"):
        stream(ImageData(numbered(60), name="photos"), {kind})


def test_bad_questions_get_one_line(grid):
    with pytest.raises(ValueError, match="one of images, groups"):
        stream(grid, {"images", "pairs"})
    with pytest.raises(ValueError, match="batch_size counts images; 3 are too few for groups of 4"):
        stream(grid, {"groups"}, batch_size=3)
    with pytest.raises(ValueError, match="a pair cannot change 4"):
        stream(grid, {"pairs"}, changed=4)
    with pytest.raises(ValueError, match="lacks the combinations"):
        stream(subset(grid, [0, 59]), {"pairs"})(0)


def test_a_split_is_a_partition_and_keeps_groups_whole(grid, photos):
    kept, held = split(grid, 0.1, 5)
    assert sorted([*kept.base_rows, *held.base_rows]) == list(range(60))
    assert len(held) == 6
    assert np.array_equal(held.base_rows, split(grid, 0.1, 5)[1].base_rows)
    assert not np.array_equal(held.base_rows, split(grid, 0.1, 6)[1].base_rows)
    kept, held = split(photos, 0.3, 0)
    assert not set(kept.groups) & set(held.groups)
    assert len(held) == 20
    assert held.info.n == 20
    with pytest.raises(ValueError, match="held-out fraction is 1"):
        split(grid, 1.0, 0)


def test_a_view_of_a_grid_samples_only_its_rows_and_answers_for_all(grid):
    held = split(grid, 0.1, 5)[1]
    v = held.sample_factors(200, 0)
    assert set(grid.factors.rows(v)) == set(held.base_rows)
    assert np.array_equal(held.images([[0, 2, 3, 4]]), grid.images([[0, 2, 3, 4]]))
    assert np.array_equal(held.take([1, 0]), grid.take(held.base_rows[[1, 0]]))
    assert held.find(held.factors_at(np.arange(6))).tolist() == list(range(6))
    twice = subset(held, [2, 2, 1])
    assert twice.base_rows.tolist() == held.base_rows[[2, 2, 1]].tolist()
    classes = with_classes(held, "size")
    assert classes.y.tolist() == held.factors_at(np.arange(6))[:, 2].tolist()
    assert classes.info.classes == 4
    with pytest.raises(ValueError, match="from 0 to 59"):
        subset(grid, [60])


def test_members_of_a_cell_differ_and_are_uniform():
    cells = ListedCells(np.array([1, 0, 1, -1, 1, 0, 1]))
    rng = np.random.default_rng(0)
    assert cells.keys(np.arange(len(cells))).tolist() == [0, 1]
    rows = cells.members(rng, np.ones(6000, dtype=np.int64), 3)
    assert all(len(set(r)) == 3 for r in rows.tolist())
    orders = {tuple(r) for r in rows.tolist()}
    assert len(orders) == 24
    assert np.bincount(rows[:, 2], minlength=7)[[0, 2, 4, 6]] == pytest.approx(1500, abs=170)
    few = cells.members(rng, np.zeros(50, dtype=np.int64), 5)
    assert all(
        set(rows) == {1, 5} for rows in few.tolist()
    )  # both are there, and no one much more often
    assert all(sorted(np.bincount(rows)[[1, 5]]) == [2, 3] for rows in few.tolist())
    assert np.bincount(cells.members(rng, np.zeros(4000, dtype=np.int64), 3).reshape(-1))[
        5
    ] == pytest.approx(6000, abs=99)
    assert np.bincount(cells.cells(rng, 6000)) / 6000 == pytest.approx([1 / 3, 2 / 3], abs=0.03)


@pytest.mark.parametrize("shared", [[3, 1], [2], [0], [0, 1, 2, 3]])
def test_the_cells_of_a_whole_grid_are_those_of_its_rows_listed(grid, shared):
    rows = np.arange(60)
    v = grid.factors.factors_at(rows)
    keys = np.ravel_multi_index(tuple(v[:, shared].T), [SIZES[k] for k in shared])
    computed, listed = GridCells(grid.factors, shared), ListedCells(keys)
    assert len(computed) == len(listed) == np.prod([SIZES[k] for k in shared])
    assert np.array_equal(computed.keys_at(rows), keys)
    for least in (2, 7):
        assert len(computed.keep(least)) == len(listed.keep(least))
    rngs = [np.random.default_rng(0) for _ in range(2)]
    cells = [of.cells(rng, 50) for of, rng in zip((computed, listed), rngs, strict=True)]
    assert np.array_equal(*cells)
    members = [
        of.members(rng, cells[0], 3) for of, rng in zip((computed, listed), rngs, strict=True)
    ]
    assert np.array_equal(*members)


def test_a_row_found_several_times_in_a_view_is_its_last():
    grid = FactorImages(FactorSpace(("a", "b"), (3, 4)), numbered(12), binary=False)
    view = subset(grid, [5, 2, 5, 9, 2])
    assert view.find(grid.factors.factors_at([2, 5, 9, 0, 11])).tolist() == [4, 2, 3, -1, -1]


def test_a_view_reads_the_array_behind_it(grid):
    held = split(grid, 0.5, 0)[1]
    assert np.array_equal(Pixels(held, "cpu")(np.arange(4)).numpy(), held.take(np.arange(4)))
