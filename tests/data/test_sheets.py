"""What factors.csv says: numbers that metrics see as they are, kinds that are meant, and names that are told apart."""

import numpy as np
import pytest
from PIL import Image

import unweave
from unweave.data import load
from unweave.data.factors import FactorSpace, meant
from unweave.data.images import FactorImages, ImageData
from unweave.data.overview.contact import contact_sheet
from unweave.data.overview.describe import described
from unweave.data.sampling.batches import stream
from unweave.data.shifts.labels import labelled
from unweave.data.subsets import subset
from unweave.evaluation.encoding import known_factors


@pytest.fixture
def pictured(tmp_path):
    """Load a folder of pictures whose one pixel counts them, with these columns beside their names."""

    def of(header, *columns):
        for i in range(len(columns[0])):
            Image.fromarray(np.full((1, 1), i, np.uint8)).save(tmp_path / f"{i}.png")
        lines = [
            ",".join([f"{i}.png", *map(str, cells)])
            for i, cells in enumerate(zip(*columns, strict=True))
        ]
        (tmp_path / "factors.csv").write_text("\n".join([f"file,{header}", *lines]))
        return load(tmp_path, size=1)

    return of


def growth(images):
    return np.exp(images[:, 0, 0].astype(float) / 20)


def test_metrics_see_the_numbers_of_a_table_and_not_their_ranks(pictured):
    steep = [float(np.exp(i / 20)) for i in range(200)]
    data = pictured("a:continuous,b", steep, [i % 2 for i in range(200)])
    assert not isinstance(data, FactorImages)
    scores = unweave.evaluate(growth, ["r2", "mcc"], data=data)
    plain = unweave.evaluate(
        (growth(data.array), np.array([steep, np.arange(200) % 2]).T),
        ["r2", "mcc"],
        kinds=("continuous", "categorical"),
    )
    assert {name: s.value for name, s in scores.items()} == {
        name: s.value for name, s in plain.items()
    }
    assert unweave.evaluate(growth, "mcc", data=data)["mcc"].matrix[0, 0] > 0.999
    held = subset(data, np.array([199, 3]))
    np.testing.assert_array_equal(known_factors(held, np.arange(2))[:, 0], [steep[199], steep[3]])
    assert data.labels[3].tolist() == [3, 1]  # indices, for what needs them


def test_metrics_see_the_numbers_of_a_grid(pictured):
    steep = [float(np.exp(i / 20)) for i in range(200)]
    data = pictured("a:continuous", steep)
    assert isinstance(data, FactorImages)
    scores = unweave.evaluate(growth, ["r2", "mcc"], data=data)
    assert min(score.value for score in scores.values()) > 0.999
    np.testing.assert_array_equal(
        known_factors(subset(data, np.array([7, 9])), np.arange(2))[:, 0], [steep[7], steep[9]]
    )


def test_words_and_what_is_missing_stay_as_they_are():
    v = [[0, 1, 1], [2, 0, np.nan]]
    seen = meant(v, [np.array([0.5, 1, 8]), np.array(["box", "disc"]), np.array([3, 9])])
    np.testing.assert_array_equal(seen, [[0.5, 1, 9], [8, 0, np.nan]])


def test_evenly_spaced_numbers_of_a_grid_are_their_indices():
    grid = FactorImages(
        FactorSpace(("a", "b"), (3, 3), ([0.1, 0.2, 0.3], [1, 2, 4])),
        np.zeros((9, 1, 1, 1), np.uint8),
    )
    np.testing.assert_array_equal(grid.observed_values([0, 5, 8]), [[0, 1], [1, 4], [2, 4]])


def test_values_of_another_number_than_the_sizes_are_refused():
    with pytest.raises(
        ValueError, match=r"factor values are .3,. in number; the sizes of the factors are .2,."
    ):
        ImageData(
            np.zeros((2, 3)),
            labels=[[0], [1]],
            factor_names=("a",),
            factor_sizes=(2,),
            factor_values=[[1, 2, 3]],
        )


def test_a_data_set_in_words_and_its_sheet_show_the_numbers(pictured, tmp_path):
    data = pictured("a,b", [1, 10, 1000, 1000], [0, 0, 1, 1])
    assert any("a: 3 values" in line for line in described(data))
    assert contact_sheet(data, tmp_path / "sheet.png").is_file()


@pytest.mark.parametrize("kind", ["continuous", "ordered"])
@pytest.mark.parametrize(
    "cells", [["small", "large", "medium"], ["05", "10", "11"], ["1", "2", "x"]]
)
def test_words_that_are_said_to_be_in_order_are_refused(pictured, kind, cells):
    odd = next(cell for cell in cells if cell in ("small", "05", "x"))
    with pytest.raises(
        ValueError, match=rf"factors.csv, line [24]: column 'size(:{kind})?' holds '{odd}'"
    ) as error:
        pictured(f"size:{kind}", cells)
    assert "\n" not in str(error.value)


def test_units_in_a_column_that_is_said_to_be_in_order_are_refused(pictured):
    with pytest.raises(ValueError, match="column 'size:ordered' holds '5 cm'"):
        pictured("size:ordered", ["5 cm", "10 cm", "2 cm"])


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (
            "age:contnuous,b",
            "column 'age:contnuous' ends in 'contnuous', which is no kind .* did you mean 'continuous'?",
        ),
        ("age:Continuous,b", "did you mean 'continuous'?"),
        ("age:category,b", "did you mean 'categorical'?"),
        ("age: ordered,b", "did you mean 'ordered'?"),
        ("a:ordered,a:continuous", "two columns are the factor 'a'"),
        ("a,a:continuous", "two columns are the factor 'a'"),
    ],
)
def test_kinds_that_are_misspelt_and_factors_of_one_name_are_refused(pictured, header, says):
    with pytest.raises(ValueError, match=says) as error:
        pictured(header, [1, 2, 3], [1, 1, 2])
    assert "\n" not in str(error.value)


def test_a_colon_may_be_part_of_a_name(pictured):
    assert pictured("ratio 3:4,hsv:hue", [1, 2, 3], [1, 1, 2]).factor_names == (
        "ratio 3:4",
        "hsv:hue",
    )


def test_supervision_by_a_measurement_is_refused_before_anything_is_written(tmp_path):
    times = [1_700_000_000 + i for i in range(400)]
    data = ImageData(
        np.zeros((400, 3)),
        labels=np.array([times, np.arange(400) % 2]).T,
        factor_names=("time", "b"),
        factor_sizes=(0, 2),
        name="set",
    )
    says = r"factor 'time' of set has the label 1700000\d*, and it is a number and no index from 0: .* --observed OTHERS"
    small = {"steps": 2, "device": "cpu", "out": tmp_path / "runs", "batch_size": 4}
    for method in ("s2-beta-vae", "vae"):
        more = {} if method.startswith("s2") else {"supervision": "embed"}
        with pytest.raises(ValueError, match=says) as error:
            unweave.train(method, data, **small, **more)
        assert "\n" not in str(error.value)
    assert not (tmp_path / "runs").exists()
    for supervision in ("xent", "l2", "cov", "embed", "mine"):
        run = unweave.train(
            "vae", data, supervision=supervision, batch_options={"observed": ("b",)}, **small
        )
        assert all(bool(w.isfinite().all()) for w in run.method.parameters())


def test_supervision_by_nothing_but_measurements_names_one(tmp_path):
    data = ImageData(
        np.zeros((300, 3)),
        y=np.arange(300) % 2,
        labels=np.arange(300)[:, None] / 7,
        factor_names=("a",),
    )
    with pytest.raises(ValueError, match="factor 'a' is a number and no index from 0") as error:
        unweave.train("s2-beta-vae", data, steps=2, device="cpu", out=tmp_path / "runs")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("label", "why"), [(-1, "-1"), (0.5, "0.5"), (3, "3, which are indices from 0 to 2")]
)
def test_labels_that_are_no_indices_below_their_size_are_refused(label, why):
    data = ImageData(
        np.zeros((4, 3)), labels=[[0], [1], [2], [label]], factor_names=("a",), factor_sizes=(3,)
    )
    with pytest.raises(ValueError, match=f"factor 'a' of arrays has the label {why}"):
        labelled(data, 0, count=0)


def test_labels_are_exact_on_their_way_to_a_method():
    times = 1_700_000_000 + np.arange(400)
    data = ImageData(
        np.zeros((400, 3)), y=np.arange(400) % 2, labels=times[:, None], factor_names=("time",)
    )
    assert labelled(data, 0, count=0)[1][:, 0].tolist() == times.tolist()
    batch = stream(data, {"images", "labels"}, labels=0, batch_size=64)(0).labelled
    assert batch.v[:, 0].tolist() == times[batch.index].tolist()
