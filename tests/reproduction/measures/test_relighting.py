"""Light read off an image, and changed: against angles and errors worked by hand, and through a short run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.methods.small_graphs import NETWORKS

import unweave
from unweave.data.render.faces import faces
from unweave.reproduction.measures import graph_inference, relighting
from unweave.runs.run import Run

SMALL = NETWORKS | {"steps": 2, "batch_size": 24, "holdout": 0.25}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return unweave.train(
        "graph-vae",
        "faces",
        out=tmp_path_factory.mktemp("runs"),
        data_options={"size": 16, "people": 6, "classes": "identity"},
        batch_options={"labels": 36},
        variables="r=gaussian(1) l=gaussian(light_azimuth,light_elevation) i=categorical(class) s=gaussian(3)",
        recognition="r|x l|x i|x s|l,i",
        generative="r l i s|l,i x|r,s",
        **SMALL,
    )


def test_an_angle_is_that_between_the_directions() -> None:
    data = faces(size=16, people=1)
    true = np.array(
        [[0.0, 2.8], [3.0, 0.0]]
    )  # elevation 0 degrees; azimuth -80 + 3 * 160 / 7, elevation -40
    read = np.array([[1.0, 2.8], [3.0, 1.0]])
    # along the equator the azimuth's step, along a meridian the elevation's
    assert relighting._angle(data, read, true) == pytest.approx((160 / 7 + 100 / 7) / 2, abs=1e-3)
    assert relighting._angle(data, true, true) == pytest.approx(0, abs=0.1)


def test_psnr_is_that_of_the_squared_error() -> None:
    truth = np.zeros((2, 1, 4, 4))
    off = truth.copy()
    off[0] += 0.1
    off[1] += 0.01
    assert relighting._psnr(off, truth) == pytest.approx((20 + 40) / 2)


def test_another_light_is_shown_on_the_same_face(run: Run) -> None:
    _, held = relighting._parts(run)
    towards, truth = relighting._other_light(held)
    v = np.asarray(held.factors_at(np.arange(len(held))), dtype=np.int64)
    v[:, 1:] = towards
    assert (towards != relighting._indices(held)).any(1).mean() > 0.9
    np.testing.assert_allclose(truth, held.images(v) / 255, atol=1e-6)


def test_light_moves_the_shading_and_nothing_else(run: Run) -> None:
    assert relighting.moved(run, of="s") > 0.1
    assert relighting.moved(run, of="r") == 0
    assert relighting.moved(run, of="class") == 0
    assert 0 < relighting.error(run) < 180
    assert 0 < relighting.psnr(run) < relighting.mean_image_psnr(run) < 40


def test_classes_are_inferred_by_the_model_too(run: Run, tmp_path: Path) -> None:
    assert 0 <= graph_inference.accuracy(run, samples=2) <= 1
    other = unweave.train(
        "vae", "digits", out=tmp_path, **{k: v for k, v in SMALL.items() if k != "features"}
    )
    with pytest.raises(ValueError, match="is no run of graph-vae"):
        graph_inference.accuracy(other)
    with pytest.raises(ValueError, match="is a run of vae; intervening needs graph-vae"):
        relighting._method(other)
