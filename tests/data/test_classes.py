"""A factor as the class: of a grid and of a table of labels."""

import numpy as np
import pytest

import unweave
from unweave.data import load
from unweave.data.classes import with_classes
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.subsets import split, subset

V = np.array([[0, 5.0], [2, 7.0], [0, 7.0], [2, 5.0], [1, 5.0], [0, 7.0]] * 4)
IMAGES = np.random.default_rng(0).integers(0, 256, (24, 1, 8, 8), dtype=np.uint8)


def table(labels=V, **more) -> ImageData:
    return ImageData(
        IMAGES,
        y=np.zeros(24, int),
        labels=labels,
        factor_names=("shape", "size"),
        factor_sizes=(3, 0),
        factor_values=(("square", "heart", "ellipse"), ()),
        name="table",
        **more,
    )


def test_a_column_of_a_table_is_its_class():
    data = with_classes(table(), "shape")
    assert data.y.tolist() == V[:, 0].astype(int).tolist()
    assert data.class_names == ("shape square", "shape heart", "shape ellipse")
    assert data.info.classes == 3
    np.testing.assert_array_equal(data.take([3, 1]), IMAGES[[3, 1]])
    sized = with_classes(table(), 1)
    assert (sized.y.max(), sized.class_names) == (1, ("size 5", "size 7"))


def test_classes_stay_in_views_of_views():
    data = with_classes(subset(table(), np.arange(3, 21)), "size")
    assert data.y.tolist() == (V[3:21, 1] == 7).astype(int).tolist()
    seen, held = split(data, 0.25, 0)
    for part in (seen, held):
        assert part.y.tolist() == (part.labels[:, 1] == 7).astype(int).tolist()
        assert part.class_names == ("size 5", "size 7")


def test_a_grid_is_as_before():
    grid = FactorImages(FactorSpace(("a", "b"), (4, 6)), IMAGES, name="grid")
    assert with_classes(grid, "b").y.tolist() == [0, 1, 2, 3, 4, 5] * 4


def test_what_is_no_class_is_refused_in_one_line():
    with pytest.raises(ValueError, match="table has no factor 'shap'; did you mean"):
        with_classes(table(), "shap")
    with pytest.raises(ValueError, match="its factors are not known"):
        with_classes(ImageData(IMAGES, name="plain"), "shape")
    with pytest.raises(ValueError, match="2 rows of table have no size"):
        with_classes(table(np.where(np.arange(24)[:, None] < 2, np.nan, V)), "size")
    with pytest.raises(ValueError, match="takes 24 values in 24 rows: it is no class"):
        with_classes(table(np.c_[V[:, 0], np.arange(24) / 7]), "size")
    with pytest.raises(ValueError, match="it is no class"):
        with_classes(table(factor_kinds=("categorical", "continuous")), "size")


def test_a_run_is_scored_against_the_classes_that_were_made(tmp_path):
    data = with_classes(table(), "shape")
    small = {
        "encoder": "mlp",
        "decoder": "mlp",
        "encoder.width": 8,
        "decoder.width": 8,
        "categories": 3,
        "noise": 2,
    }
    run = unweave.train("infogan", data, steps=1, batch_size=8, out=tmp_path, **small)
    found = unweave.evaluate(run, "class_accuracy")["class_accuracy"]
    assert (
        found.value
        == unweave.metrics.class_accuracy(run.encode(IMAGES)[:, :3], data.y[:, None]).value
    )


def test_a_factor_is_made_the_class_by_an_option_of_any_data_set():
    data = load("cdsprites", classes="radius")
    assert data.info.classes == 27
    assert data.y[:28].tolist() == [*range(27), 0]


def test_an_option_that_names_no_factor_says_which_there_are():
    with pytest.raises(ValueError, match="has no factor 'colour'; there are: "):
        load("cdsprites", classes="colour")
