"""Critics and probes of clips: codes of known content, and no clip on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from unweave.blocks import Block
from unweave.data.images import ImageData
from unweave.data.subsets import subset
from unweave.reproduction.measures import probe, scene, swap
from unweave.runs.run import Run

CLIPS = 60
LENGTH = 20
GROUPS = np.repeat(np.arange(CLIPS), LENGTH)


class Known(Run):
    """A run whose code of a frame is the frame: [colour of its clip, position], which it also decodes."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, groups: Any = GROUPS) -> None:
        self.data = ImageData(
            images,
            labels=labels,
            factor_names=("colour", "x"),
            factor_sizes=(3, 0),
            groups=groups,
            name="clips",
        )
        self.held = None
        self.content = slice(0, 1)

    @property
    def blocks(self) -> dict[str, Block]:
        return {"content": Block(self.content), "pose": Block(slice(1, 2))}

    def encode(self, images: Any) -> np.ndarray:
        return np.asarray(images[:, :2, 0, 0].astype(np.float32) / 255)

    def decode(self, codes: Any) -> np.ndarray:
        return np.asarray(codes[:, :2, None, None])


@pytest.fixture
def run() -> Any:
    rng = np.random.default_rng(0)
    colour = np.repeat(rng.integers(3, size=CLIPS), LENGTH)
    x = rng.integers(256, size=CLIPS * LENGTH)
    images = np.stack([colour * 100, x], 1).astype(np.uint8)[:, :, None, None]
    return Known(images, np.stack([colour, x / 255], 1))


@pytest.fixture
def small_critic(monkeypatch: pytest.MonkeyPatch) -> None:
    """A critic that suffices for a leak of one column, in a second."""
    monkeypatch.setattr(scene, "STEPS", 800)
    monkeypatch.setattr(scene, "WIDTH", 64)


@pytest.mark.usefixtures("small_critic")
def test_a_critic_reads_what_is_constant_in_clips_and_nothing_else(run: Any) -> None:
    assert scene.told_apart(run, block="pose") == pytest.approx(0.5, abs=0.05)
    # of two clips, 1 in 3 has the same colour: right in all pairs of one clip and 2/3 of the others
    assert scene.told_apart(run, block="content") == pytest.approx(5 / 6, abs=0.06)
    assert scene.by_factors(run, factors=["x"]) == pytest.approx(0.5, abs=0.05)


@pytest.mark.usefixtures("small_critic")
def test_a_leak_that_depends_on_the_position_is_seen(run: Any, monkeypatch: Any) -> None:
    """The colour turns an angle of which the position makes two turns."""

    def hidden(images: Any) -> np.ndarray:
        colour, x = images[:, 0, 0, 0] / 100, images[:, 1, 0, 0] / 255
        angle = 2 * np.pi * colour / 3 + 14 * x
        return np.stack([colour, x, np.cos(angle), np.sin(angle)], 1)

    pose = {"pose": Block(slice(1, 4))}
    monkeypatch.setattr(Known, "blocks", property(lambda _: pose))
    monkeypatch.setattr(run, "encode", hidden)
    assert scene.told_apart(run) > 0.6


def test_two_frames_of_each_clip_are_different_ones() -> None:
    rows = torch.arange(CLIPS * LENGTH, dtype=torch.float32)[:, None]
    clips = [np.arange(0, 3), np.arange(40, 42), np.arange(50, 60)]
    rng = np.random.default_rng(0)
    drawn = [torch.cat(scene.two_frames(rows, clips, rng), 1).numpy() for _ in range(300)]
    for i in range(3):
        first, second = np.array(drawn)[:, i].T
        assert (first != second).all()
        assert set(first) == set(second) == set(clips[i])


def test_accuracy_by_hand() -> None:
    """Right on 2 of 3 pairs of one clip, and on 5 of 6 of two."""
    logits = torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, 2.0], [-1.0, -1.0, -1.0]])
    assert scene.accuracy(logits) == pytest.approx((2 / 3 + 5 / 6) / 2)


def test_a_probe_has_no_clip_on_both_sides(run: Any) -> None:
    data, rows = probe.chosen(run, 0)
    groups = data.groups[rows]
    _, _, tested = probe.read(run, "x", "pose", 0)
    assert not set(groups[tested]) & set(groups[~tested])
    assert tested.mean() == pytest.approx(0.2, abs=0.02)
    run.held = subset(run.data, np.arange(400))
    assert probe.chosen(run, 0)[0] is run.held


def test_a_probe_of_single_images_takes_all_of_them(run: Any) -> None:
    run.data.groups = None
    _, rows = probe.chosen(run, 0)
    assert sorted(rows) == list(range(CLIPS * LENGTH))
    assert probe.read(run, "x", "pose", 0)[2].sum() == 240


def test_a_probe_explains_the_position_from_the_pose_alone(run: Any) -> None:
    assert probe.explained(run, factor="x", block="pose") > 0.95
    assert probe.explained(run, factor="x", block="content") < 0.1
    assert probe.accuracy(run, factor="colour", block="content") == 1
    assert probe.accuracy(run, factor="colour", block="pose") < 0.6


def test_a_swap_within_a_clip_is_right_for_known_codes_and_1_for_copies(run: Any) -> None:
    assert swap.within_clips(run) == pytest.approx(0, abs=1e-9)
    run.content = slice(0, 2)
    assert swap.within_clips(run) == pytest.approx(1)


def test_data_without_clips_are_refused(run: Any) -> None:
    run.data.groups = None
    with pytest.raises(ValueError, match="clips has no clips"):
        scene.told_apart(run)
    with pytest.raises(ValueError, match="has no clips to take two frames of"):
        swap.within_clips(run)
    few = Known(np.zeros((6, 2, 1, 1), np.uint8), np.zeros((6, 2)), np.repeat(np.arange(3), 2))
    with pytest.raises(ValueError, match="3 clips of two frames or more"):
        scene.told_apart(few)
