import numpy as np
import pytest

from unweave.data import load
from unweave.data.images import ImageData
from unweave.data.render.clips import bounce
from unweave.data.sampling.batches import stream


def test_things_move_straight_and_are_mirrored_at_the_borders():
    place = bounce(500, 30, np.random.default_rng(0))
    assert place.min() >= 0
    assert place.max() <= 1
    step = np.diff(place, axis=1)
    inner = (place[:, 1:-1] > 0.15) & (place[:, 1:-1] < 0.85)
    assert np.abs(step[:, 1:] - step[:, :-1])[inner].max() < 1e-9
    assert np.abs(step).max() <= 0.14  # no jump to the other side
    assert (np.sign(step[:, 1:]) != np.sign(step[:, :-1])).any()


@pytest.mark.parametrize(
    ("name", "shape"), [("bouncing-sprites", (3, 32, 32)), ("moving-digits", (1, 64, 64))]
)
def test_clips_are_groups_of_frames_whose_content_stays(name, shape, monkeypatch):
    monkeypatch.delenv("UNWEAVE_DATA", raising=False)
    clips = load(name, clips=30, length=12)
    assert clips.info.shape == shape
    assert np.array_equal(clips.groups, np.repeat(np.arange(30), 12))
    labels = clips.labels.reshape(30, 12, -1)
    still = clips.factor_names.index("position_x")
    assert (labels[:, :, :still] == labels[:, :1, :still]).all()
    assert labels[:, :, still:].std(1).min() > 0
    frames = clips.take(np.arange(len(clips))).reshape(30, 12, -1).astype(int)
    assert np.ptp(frames.sum(2), axis=1).max() == 0  # the same thing, moved by whole pixels
    assert np.array_equal(clips.take([5]), load(name, clips=30, length=12).take([5]))
    assert not np.array_equal(clips.take([5]), load(name, clips=30, length=12, seed=1).take([5]))


def test_the_label_says_where_the_thing_is():
    clips = load("bouncing-sprites", clips=40, length=5)
    mass = clips.array.astype(float).sum(1)
    x = (mass.sum(1) * np.arange(32)).sum(1) / mass.sum((1, 2))
    y = (mass.sum(2) * np.arange(32)).sum(1) / mass.sum((1, 2))
    assert np.corrcoef(x, clips.labels[:, 3])[0, 1] > 0.995
    assert np.corrcoef(y, clips.labels[:, 4])[0, 1] > 0.995


def test_moving_digits_take_mnist_from_a_folder_that_must_hold_it(tmp_path):
    clips = load("moving-digits", clips=4, length=3)
    assert clips.info.classes == 10
    assert np.array_equal(clips.y, clips.labels[:, 0])
    with pytest.raises(FileNotFoundError):
        load("moving-digits", root=tmp_path)


def test_clips_that_are_shorter_than_those_of_a_batch_are_left_out_and_said(caplog) -> None:
    groups = np.repeat([0, 1, 2], [8, 3, 8])
    data = ImageData(np.zeros((19, 1, 8, 8), np.uint8), groups=groups, name="films")
    rows = stream(data, {"clips"}, batch_size=50, clip_length=5)(0).index
    assert not set(range(8, 11)) & set(rows.flatten().tolist())
    assert "films: left out: 1 of 3 clips, of less than the 5 frames" in caplog.text
    caplog.clear()
    assert stream(data, {"clips"}, batch_size=6, clip_length=3)(0).x.shape[1] == 3
    assert not caplog.text
    with pytest.raises(
        ValueError, match="clips of films have 8 frames at most, and batches take 9"
    ):
        stream(data, {"clips"}, batch_size=9, clip_length=9)
