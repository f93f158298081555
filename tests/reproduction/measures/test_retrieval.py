"""Retrieval of the other view, with codes whose answer is known."""

import numpy as np
import pytest
import torch

import unweave
from unweave.data.images import ImageData
from unweave.reproduction.measures import probe, retrieval
from unweave.types import Posterior

THINGS = 50


def views(azimuth=None):
    """Rows (100, 3): the number of the thing, whether it is its second view, and the azimuth in radians."""
    thing = np.repeat(np.arange(THINGS), 2)
    second = np.tile([0, 1], THINGS)
    if azimuth is None:
        azimuth = np.linspace(-3, 3, 2 * THINGS)
    return ImageData(
        np.stack([thing, second, azimuth], 1),
        labels=azimuth[:, None],
        factor_names=("azimuth",),
        factor_kinds=("continuous",),
        groups=thing,
        name="views",
    )


@pytest.fixture
def coded(tmp_path, monkeypatch):
    """`coded(data, code)`: a run on these data whose pose code is a function of its rows (n, 3)."""

    def make(data, code):
        small = {
            "encoder.width": 4,
            "whole_encoder.width": 4,
            "latents": 1,
            "steps": 1,
            "batch_size": 8,
        }
        run = unweave.train("cv-mim", data, out=tmp_path, overwrite=True, **small)

        def encode(x):
            pose = torch.as_tensor(code(x.numpy()), dtype=torch.float32)
            return Posterior(
                torch.stack([pose, torch.zeros_like(pose)], 1), blocks=run.method.blocks
            )

        monkeypatch.setattr(run.method, "encode", encode)
        return run

    return make


def test_codes_of_the_thing_find_its_other_view(coded):
    run = coded(views(), lambda x: x[:, 0])
    assert retrieval.hits(run) == 1


def test_ranks_by_hand():
    """Distances of 0 to 1, 2, 9; of 5 to 4, 3, 4, a tie that counts as nearer; of 9 to 8, 7, 0."""
    found = retrieval.ranks(np.array([[0.0], [5.0], [9.0]]), np.array([[1.0], [2.0], [9.0]]))
    assert found.tolist() == [0, 0, 0]
    found = retrieval.ranks(np.array([[0.0], [5.0], [9.0]]), np.array([[9.0], [1.0], [2.0]]))
    assert found.tolist() == [2, 2, 1]


def test_more_of_the_nearest_find_more(coded):
    run = coded(views(), lambda x: x[:, 0] + 2.6 * x[:, 1])
    shares = [retrieval.hits(run, within=k) for k in (1, 3, 6, 10)]
    assert shares[0] < shares[1] < shares[2] <= shares[3] == 1


def test_codes_that_are_all_equal_find_nothing(coded):
    run = coded(views(), lambda x: 0 * x[:, 0])
    assert retrieval.hits(run, within=49) == 0
    assert retrieval.hits(run, block="view") == 0


def test_only_views_that_are_far_apart_are_counted_the_short_way_round(coded):
    """Things 0 to 9 are seen from 170 and -170 degrees, 20 apart; the others from 0 and 100."""
    azimuth = np.radians(np.tile([0.0, 100.0], THINGS))
    azimuth[:20] = np.radians(np.tile([170.0, -170.0], 10))
    run = coded(views(azimuth), lambda x: np.where(x[:, 0] < 10, x[:, 0], -1))
    assert retrieval.hits(run) == pytest.approx(0.2)
    assert retrieval.hits(run, angle="azimuth", beyond=20.0) == pytest.approx(0.2)
    assert retrieval.hits(run, angle="azimuth", beyond=90.0) == 0
    with pytest.raises(
        ValueError, match="no two views of one thing in views are 120 degrees of azimuth apart"
    ):
        retrieval.hits(run, angle="azimuth", beyond=120.0)


def test_raw_rows_are_looked_up_too(coded):
    run = coded(views(0.001 * np.arange(2 * THINGS)), lambda x: 0 * x[:, 0])
    assert retrieval.raw_hits(run) > 0.9
    assert retrieval.hits(run) == 0


def test_what_cannot_be_looked_up_is_said(coded):
    run = coded(views(), lambda x: x[:, 0])
    with pytest.raises(ValueError, match="has no factor 'hue'"):
        retrieval.hits(run, angle="hue")
    with pytest.raises(ValueError, match="beyond is 90 degrees of no factor"):
        retrieval.hits(run, beyond=90.0)
    with pytest.raises(ValueError, match="no block 'content'"):
        retrieval.hits(run, block="content")
    with pytest.raises(ValueError, match="flat has no groups"):
        retrieval.views(ImageData(np.zeros((4, 2)), name="flat"))
    with pytest.raises(ValueError, match="1 groups of two rows or more"):
        retrieval.views(ImageData(np.zeros((4, 2)), groups=[0, 0, 1, 2], name="few"))


def test_bins_are_of_equal_width_and_hold_the_largest_value():
    assert probe.binned(np.array([3.0, 0.0, 1.0, 7.9, 8.0, 4.0]), 4).tolist() == [1, 0, 0, 3, 3, 2]


def test_an_angle_is_probed_in_bins_of_equal_width(coded):
    run = coded(views(), lambda x: x[:, 2])
    found = probe.probe(run, "azimuth", "pose", bins=4)
    assert found.chance == pytest.approx(0.25)
    assert found.score > 0.6
    assert probe.accuracy(run, factor="azimuth", block="view", bins=4) < 0.5
    with pytest.raises(
        ValueError, match="azimuth of views is continuous, each value is there once: give bins"
    ):
        probe.accuracy(run, factor="azimuth", block="pose")
