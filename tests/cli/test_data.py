from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from unweave import data
from unweave.data.sources import files as sources


def test_list_names_every_set_and_what_is_missing(unweave, tmp_path):
    (tmp_path / "mpi3d_toy.npz").write_bytes(b"there")
    code, out, _ = unweave("data", "list", "--root", tmp_path)
    assert code == 0
    assert all(f"\n{name} " in out for name in data.names())
    assert "3dshapes.h5 is missing: unweave data get shapes3d (licence: Apache-2.0)" in out
    assert f"found: {tmp_path / 'mpi3d_toy.npz'}" in out


@pytest.mark.parametrize("name", ["cdsprites", "digits", "skeletons"])
def test_show_says_and_draws(unweave, here, name):
    code, out, err = unweave("data", "show", name, "-o", "sheet.png")
    assert (code, err) == (0, "")
    assert f"name       {name}" in out
    with Image.open(here / "sheet.png") as sheet:
        assert sheet.width > 500


def test_show_takes_options_and_shifts(unweave):
    _, out, _ = unweave(
        "data", "show", "cdsprites", "--size", "32", "--shift=correlated:angle,radius,strength=0.1"
    )
    assert "1,080 of 32x32, black and white" in out
    assert "correlated angle with radius, s = 0.1; rendered" in out
    assert "angle and radius: correlation 0.9" in out


def test_show_of_a_folder_says_what_was_understood(unweave, here):
    folder = here / "mine"
    folder.mkdir()
    for i in range(4):
        Image.fromarray(np.full((8, 8), i * 9, np.uint8)).save(folder / f"{i}.png")
    (folder / "factors.csv").write_text("file,age\n0.png,1\n1.png,2\n2.png,1\n")
    _, out, _ = unweave("data", "show", "mine")
    assert "4 of 64x64, grey" in out
    assert "age: 2 values; 1 of 4 labels missing" in out


def test_verify_and_get(unweave, tmp_path, monkeypatch):
    file = tmp_path / "3dshapes.h5"
    file.write_bytes(b"whole")
    source = sources.SOURCES["shapes3d"]
    right = sources.Source(source.file, source.address, source.licence, 5, sources.digest(file))
    monkeypatch.setitem(sources.SOURCES, "shapes3d", right)
    for command in ("verify", "get"):  # what is there is not fetched again
        assert unweave("data", command, "shapes3d", "--root", tmp_path)[:2] == (
            0,
            f"{file} is the published file\n",
        )
    file.write_bytes(b"other")
    code, _, err = unweave("data", "verify", "shapes3d", "--root", tmp_path)
    assert code == 1
    assert "is not the published file" in err


def test_verify_looks_at_every_file_that_is_there(unweave, tmp_path):
    for name in ("train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (tmp_path / "mnist").mkdir(exist_ok=True)
        (tmp_path / "mnist" / name).write_bytes(b"other")
    source = sources.SOURCES["mnist"]
    right = sources.Source(
        source.file, source.address, "free", 5, sources.digest(tmp_path / "mnist" / source.file)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sources.SOURCES, "mnist", replace(right, folder="mnist", more=source.more))
        code, out, err = unweave("data", "verify", "mnist", "--root", tmp_path)
    assert code == 1
    assert "train-images-idx3-ubyte.gz is the published file" in out
    assert "t10k-labels-idx1-ubyte.gz is not the published file" in err
    _, out, _ = unweave("data", "list", "--root", tmp_path)
    assert f"found: {tmp_path / 'mnist/train-images-idx3-ubyte.gz'}" in out
    assert (
        "train-images-idx3-ubyte.gz is missing: unweave data get fashion-mnist (licence: MIT)"
        in out
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("list", "--size", "3"), "takes no '--size'"),
        (("get",), "which data?"),
        (("get", "shapes3D"), "did you mean 'shapes3d'?"),
        (("get", "digits"), "digits is not fetched or verified here"),
        (("verify", "cars3d", "--root", "."), "cars3d needs the file"),
        (("show", "digits", "--sise", "3"), "did you mean '--size'?"),
        (("show", "digits", "--size"), "not an option with a value"),
        (("show", "digits", "--shift", "only:digit=3"), "digits are not"),
        (("show", "digits", "-o", "sheet"), "a picture, e.g. sheet.png"),
        (("look",), "invalid choice: 'look'"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(unweave, words, message):
    code, _, err = unweave("data", *words)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
