"""A factor as the class: of a grid and of a table of labels."""

import numpy as np
import pytest

import unweave
from unweave.data.classes import classes_of_factor
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
    data = classes_of_factor(table(), "shape")
    assert data.y.tolist() == V[:, 0].astype(int).tolist()
    assert data.class_names == ("shape square", "shape heart", "shape ellipse")
    assert data.info.classes == 3
    np.testing.assert_array_equal(data.take([3, 1]), IMAGES[[3, 1]])
    sized = classes_of_factor(table(), 1)
    assert (sized.y.max(), sized.class_names) == (1, ("size 5", "size 7"))


def test_classes_stay_in_views_of_views():
    data = classes_of_factor(subset(table(), np.arange(3, 21)), "size")
    assert data.y.tolist() == (V[3:21, 1] == 7).astype(int).tolist()
    seen, held = split(data, 0.25, 0)
    for part in (seen, held):
        assert part.y.tolist() == (part.labels[:, 1] == 7).astype(int).tolist()
        assert part.class_names == ("size 5", "size 7")


def test_a_grid_is_as_before():
    grid = FactorImages(FactorSpace(("a", "b"), (4, 6)), IMAGES, name="grid")
    assert classes_of_factor(grid, "b").y.tolist() == [0, 1, 2, 3, 4, 5] * 4


def test_what_is_no_class_is_refused_in_one_line():
    with pytest.raises(ValueError, match="table has no factor 'shap'; did you mean"):
        classes_of_factor(table(), "shap")
    with pytest.raises(ValueError, match="its factors are not known"):
        classes_of_factor(ImageData(IMAGES, name="plain"), "shape")
    with pytest.raises(ValueError, match="2 rows of table have no size"):
        classes_of_factor(table(np.where(np.arange(24)[:, None] < 2, np.nan, V)), "size")
    with pytest.raises(ValueError, match="takes 24 values in 24 rows: it is no class"):
        classes_of_factor(table(np.c_[V[:, 0], np.arange(24) / 7]), "size")
    with pytest.raises(ValueError, match="it is no class"):
        classes_of_factor(table(factor_kinds=("categorical", "continuous")), "size")


def test_a_run_is_scored_against_the_classes_that_were_made(tmp_path):
    data = classes_of_factor(table(), "shape")
    small = {"encoder": "mlp", "decoder": "mlp", "encoder.width": 8, "decoder.width": 8, "categories": 3, "noise": 2}
    run = unweave.train("infogan", data, steps=1, batch_size=8, out=tmp_path, **small)
    found = unweave.evaluate(run, "class_accuracy")["class_accuracy"]
    assert found.value == unweave.metrics.class_accuracy(run.encode(IMAGES)[:, :3], data.y[:, None]).value
