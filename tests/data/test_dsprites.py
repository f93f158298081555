import os
import pickle

import numpy as np
import pytest

from unweave.data import load
from unweave.data.datasets.dsprites import FILE
from unweave.data.factors import FactorSpace
from unweave.data.render import sprites

SMALL = FactorSpace(sprites.SPACE.names, (3, 2, 3, 4, 5))


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def published(folder, space=SMALL, save=np.savez_compressed, **changed):
    """A file laid out as the published one: the images as 0 and 1, the constant colour first, pickled metadata."""
    v = space.factors_at(np.arange(len(space)))
    classes = np.concatenate([np.zeros((len(v), 1), np.int64), v], axis=1)
    members = {
        "metadata": np.array(Bomb(), dtype=object),
        "imgs": sprites.draw(v)[:, 0] // 255,
        "latents_classes": classes,
        "latents_values": classes.astype(float),
        **changed,
    }
    folder.mkdir(exist_ok=True)
    save(folder / FILE, **{name: a for name, a in members.items() if a is not None})
    return folder


def test_without_a_file_it_is_rendered(monkeypatch, tmp_path):
    monkeypatch.delenv("UNWEAVE_DATA", raising=False)
    dsprites = load("dsprites")
    assert len(dsprites) == 737_280
    assert dsprites.about == "rendered"
    assert dsprites.array is None
    assert dsprites.factors.names == ("shape", "scale", "orientation", "position_x", "position_y")
    assert dsprites.info.factor_sizes == dsprites.factors.sizes == (3, 6, 40, 32, 32)
    assert dsprites.info.shape == (1, 64, 64)
    assert dsprites.info.binary
    monkeypatch.setenv("UNWEAVE_DATA", str(tmp_path))
    assert load("dsprites").about == "rendered"


def test_a_root_without_the_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=FILE):
        load("dsprites", root=tmp_path)


def test_the_published_file_gives_the_same_images_without_unpickling(tmp_path, monkeypatch):
    root = published(tmp_path / "deeper")
    for dsprites in (load("dsprites", root=tmp_path), load("dsprites", root=tmp_path)):
        assert isinstance(dsprites.array, np.memmap)
        assert dsprites.about == str(root / FILE)
        assert dsprites.factors.sizes == SMALL.sizes
        v = dsprites.sample_factors(50, 0)
        assert np.array_equal(dsprites.images(v), sprites.draw(v))
        assert np.array_equal(dsprites.take([7, 3]), sprites.draw(SMALL.factors_at([7, 3])))
        assert dsprites.info.binary
    monkeypatch.setenv("UNWEAVE_DATA", str(tmp_path))
    assert load("dsprites").about == str(root / FILE)


def test_the_unpacked_images_are_kept_until_the_file_changes(tmp_path):
    published(tmp_path)
    load("dsprites", root=tmp_path)
    unpacked = tmp_path / (FILE + ".images.npy")
    first = unpacked.stat().st_ino
    load("dsprites", root=tmp_path)
    assert unpacked.stat().st_ino == first
    os.utime(tmp_path / FILE, (1, 1))
    load("dsprites", root=tmp_path)
    assert unpacked.stat().st_ino != first
    assert sorted(p.name for p in tmp_path.iterdir()) == [FILE, unpacked.name]


def test_where_nothing_can_be_written_the_images_stay_in_memory(tmp_path, monkeypatch):
    published(tmp_path)

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("unweave.data.files.mapped.writing", refuse)
    dsprites = load("dsprites", root=tmp_path)
    assert dsprites.about.endswith("in memory")
    assert not isinstance(dsprites.array, np.memmap)
    assert np.array_equal(dsprites.take([9]), sprites.draw(SMALL.factors_at([9])))


def test_a_disk_that_fills_leaves_nothing_half_written(tmp_path, monkeypatch):
    published(tmp_path)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unweave.data.files.mapped.os.replace", full)
    assert "in memory" in load("dsprites", root=tmp_path).about
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"imgs": None}, "imgs"),
        ({"imgs": np.zeros((359, 64, 64), np.uint8)}, "359 images and the classes of 360"),
        ({"imgs": np.zeros((360, 64, 64))}, "array float64"),
        ({"imgs": np.array([Bomb()], dtype=object)}, "objects are never opened"),
        ({"latents_classes": np.zeros((360, 6), np.int64)}, "not those of a complete grid"),
        ({"latents_classes": np.zeros((360, 4), np.int64)}, "not those of a complete grid"),
    ],
)
def test_a_file_that_is_not_laid_out_as_published_is_refused(tmp_path, changed, words):
    published(tmp_path, **changed)
    with pytest.raises(ValueError, match=words):
        load("dsprites", root=tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK", pickle.dumps({"imgs": 1})])
def test_foreign_files_give_one_clear_error_and_leave_nothing(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ValueError, match=FILE) as error:
        load("dsprites", root=tmp_path)
    assert "\n" not in str(error.value)
    assert [f.name for f in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_mutated_files_are_refused_or_read_exactly(tmp_path, withstand, save):
    """What is read is right: the damage was in a member that is not read, or in a date."""
    path = published(tmp_path, FactorSpace(sprites.SPACE.names, (3, 2, 2, 2, 3)), save) / FILE
    good = load("dsprites", root=tmp_path).take(np.arange(72))

    def read():
        assert np.array_equal(load("dsprites", root=tmp_path).take(np.arange(72)), good)
        assert not list(tmp_path.glob("*.part"))

    tally = withstand(f"dsprites, .npz, {save.__name__}", [path], read, usual=60)
    assert tally.refused > tally.turns / 4


@pytest.mark.parametrize("size", [32, 16])
def test_smaller_images_are_the_means_of_blocks(size, monkeypatch, tmp_path):
    monkeypatch.delenv("UNWEAVE_DATA", raising=False)
    v = [[0, 5, 0, 16, 16], [2, 0, 7, 3, 30]]
    full, small = load("dsprites").images(v), load("dsprites", size=size).images(v)
    side = 64 // size
    corner = small[1, 0, size // 2, 3]
    block = full[1, 0, side * (size // 2) : side * (size // 2 + 1), 3 * side : 4 * side]
    assert small.shape == (2, 1, size, size)
    assert corner == int(block.mean())
    assert np.allclose(small.mean((1, 2, 3)), full.mean((1, 2, 3)), atol=1)
    assert np.array_equal(
        load("dsprites", published(tmp_path), size=size).images([[0, 1, 0, 2, 2]]).shape[2:],
        (size, size),
    )


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match="64, 32 or 16"):
        load("dsprites", size=48)
