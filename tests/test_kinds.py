"""Of which kind a factor is: as data sets, tables and users say it, and as the scores take it."""

import json
from pathlib import Path

import numpy as np
import pytest

import unweave
from unweave.data import load
from unweave.data.convert.grid import space_of
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.render import scene3d, sprites
from unweave.data.render.circular import cdsprites
from unweave.data.subsets import subset
from unweave.data.tables.label_csv import factors
from unweave.kinds import declared


def pictures(n: int) -> np.ndarray:
    return np.zeros((n, 1, 8, 8), np.uint8)


def test_factors_whose_values_are_words_are_categorical():
    space = FactorSpace(("shape", "size"), (2, 3), (("disc", "square"), (1, 2, 4)))
    assert space.kinds == ("categorical", "")
    assert FactorSpace(("a", "b"), (2, 3), kinds={"b": "ordered"}).kinds == ("", "ordered")
    with pytest.raises(ValueError, match="no factor 'siz'; did you mean 'size'"):
        FactorSpace(("shape", "size"), (2, 3), kinds={"siz": "ordered"})
    with pytest.raises(ValueError, match="'order' is no kind of factor; did you mean 'ordered'"):
        FactorSpace(("shape", "size"), (2, 3), kinds=("", "order"))


@pytest.mark.parametrize(
    "name",
    ["dsprites", "scene3d", "faces", "cdsprites", "continuous-dsprites", "abstract-dsprites"],
)
def test_every_factor_of_a_data_set_that_is_rendered_has_a_kind(name):
    assert all(load(name).factors.kinds)


@pytest.mark.parametrize("name", ["bouncing-sprites", "moving-digits"])
def test_every_label_of_clips_has_a_kind(name):
    assert all(load(name, clips=3, length=2).factor_kinds)


def test_what_varies_smoothly_in_a_finer_grid_is_continuous():
    assert load("continuous-dsprites").factors.kinds == ("categorical", *("continuous",) * 4)
    assert cdsprites(levels=50).factors.kinds == ("continuous",) * 2
    assert sprites.SPACE.kinds[0] == scene3d.SPACE.kinds[4] == "categorical"


def test_the_grid_of_a_published_file_is_ordered_but_for_its_categories():
    v = np.stack(np.meshgrid([0.5, 1], [0, 1, 2], indexing="ij"), -1).reshape(-1, 2)
    assert space_of(v, ("scale", "shape"), {"shape"}).kinds == ("ordered", "categorical")


def test_a_column_of_a_table_says_its_kind(tmp_path):
    path = tmp_path / "factors.csv"
    path.write_text(
        "file,kind,age:continuous,group:categorical,mass\na,round,1,3,0.1\nb,flat,2,9,0.2\n"
    )
    labels = factors(path, ["a", "b"])
    assert labels.names == ("kind", "age", "group", "mass")
    assert labels.kinds == ("categorical", "continuous", "categorical", "")


def test_labels_keep_their_kinds_in_a_view():
    data = ImageData(
        pictures(4), labels=np.eye(4)[:, :2], factor_names=("a", "b"), factor_kinds=("ordered", "")
    )
    assert subset(data, np.array([2, 0])).factor_kinds == ("ordered", "")
    with pytest.raises(ValueError, match="of 1 factors; there are 2"):
        ImageData(
            pictures(4), labels=np.eye(4)[:, :2], factor_names=("a", "b"), factor_kinds=("ordered",)
        )


def grid_of_measurements(kinds: tuple[str, str]) -> FactorImages:
    """Pictures whose two pixels are their factors, 50 values each."""

    def draw(v: np.ndarray) -> np.ndarray:
        images = np.zeros((len(v), 1, 1, 2), np.uint8)
        images[:, 0, 0] = v
        return images

    return FactorImages(FactorSpace(("a", "b"), (50, 50), kinds=kinds), draw)


def read(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 0].astype(float)


def test_evaluate_takes_the_kinds_of_the_data_and_those_of_the_user_before_them():
    data = grid_of_measurements(("continuous", "categorical"))
    assert unweave.evaluate(read, "mig", data=data)["mig"].kinds == ("continuous", "categorical")
    both = unweave.evaluate(read, ["mig", "factor_vae_score"], data=data, kinds={"b": "continuous"})
    assert {score.kinds for score in both.values()} == {("continuous", "continuous")}
    np.testing.assert_allclose(both["mig"].parts["entropy"], np.log(20), atol=0.02)
    with pytest.raises(ValueError, match="no factor 'c'"):
        unweave.evaluate(read, "mig", data=data, kinds={"c": "ordered"})
    rng = np.random.default_rng(0)
    arrays = (rng.random((300, 2)), rng.integers(30, size=(300, 2)))
    assert unweave.evaluate(arrays, "mcc", kinds="categorical")["mcc"].kinds == ("categorical",) * 2
    assert unweave.evaluate(arrays, "mcc", protocol="unweave")["mcc"].kinds == ("continuous",) * 2


def test_a_class_is_a_category_however_many_there_are():
    data = ImageData(np.random.default_rng(0).random((300, 2)), y=np.arange(300) % 60)
    score = unweave.evaluate(lambda x: np.asarray(x), "explicitness", data=data)["explicitness"]
    assert score.kinds == ("categorical",)


@pytest.mark.parametrize(
    ("header", "asked", "kinds"),
    [
        ("a,b", (), ["categorical", "categorical"]),
        ("a:ordered,b:continuous", (), ["ordered", "continuous"]),
        ("a:ordered,b:continuous", ("--factor-kinds", "b=categorical"), ["ordered", "categorical"]),
        ("a,b", ("--factor-kinds", "1=ordered"), ["categorical", "ordered"]),
        ("a,b", ("--factor-kinds", "continuous"), ["continuous", "continuous"]),
    ],
)
def test_the_command_line_says_kinds(tmp_path, monkeypatch, header, asked, kinds):
    from unweave.cli.evaluate import run

    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    np.save("codes.npy", rng.random((100, 2)))
    v = rng.integers(5, size=(100, 2))
    Path("factors.csv").write_text("\n".join([header, *(f"{a},{b}" for a, b in v)]))
    words = [
        "--codes",
        "codes.npy",
        "--factors",
        "factors.csv",
        "--metrics",
        "mig",
        "--json",
        "out.json",
        *asked,
    ]
    assert run(words) == 0
    assert json.loads(Path("out.json").read_text())["mig"]["kinds"] == kinds


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("c=ordered", "no factor 'c'"),
        ("a=orderd", "did you mean 'ordered'"),
        ("a=b=c", "is no FACTOR=KIND"),
    ],
)
def test_the_command_line_refuses_kinds_in_one_line(tmp_path, asked, says):
    from unweave.cli.evaluate import run

    np.save(tmp_path / "codes.npy", np.random.default_rng(0).random((100, 2)))
    (tmp_path / "factors.csv").write_text("a,b\n" + "1,2\n2,1\n" * 50)
    files = ["--codes", str(tmp_path / "codes.npy"), "--factors", str(tmp_path / "factors.csv")]
    with pytest.raises(ValueError, match=says):
        run([*files, "--factor-kinds", asked])


def test_kinds_of_no_factors_are_refused():
    assert declared(None, 0) == ()
    with pytest.raises(ValueError, match="no factors"):
        declared("ordered", 0)
