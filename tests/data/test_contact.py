import numpy as np
import pytest
from PIL import Image

from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData
from unweave.data.overview.contact import contact_sheet, strips
from unweave.data.overview.describe import described
from unweave.data.shifts.views import without

SPACE = FactorSpace(("row", "column"), (4, 30), (["a", "b", "c", "d"], np.arange(30) / 2))


def dots(v):
    x = np.zeros((len(v), 1, 4, 30), np.uint8)
    x[np.arange(len(v)), 0, v[:, 0], v[:, 1]] = 255
    return x


GRID = FactorImages(SPACE, dots, name="dots", about="drawn")


def test_a_row_sweeps_one_factor_and_leaves_the_others():
    _, row, column = strips(GRID)
    assert (row.name, row.remark, row.captions) == ("row", "4 values", ["a", "b", "c", "d"])
    assert np.array_equal([image.nonzero()[1][0] for image in row.images], [0, 1, 2, 3])
    assert len({image.nonzero()[2][0] for image in row.images}) == 1
    assert column.captions[0] == "0"
    assert column.captions[-1] == "14.5"
    (base,) = column.marked
    (same,) = row.marked
    assert np.array_equal(column.images[base], row.images[same])


def test_what_a_shift_left_out_is_marked():
    rest, _ = without(GRID, {"row": [3]})
    _, row, _ = strips(rest)
    assert row.absent == {3}


def test_labels_classes_groups_and_pairs_have_rows_of_their_own():
    data = ImageData(
        np.arange(8, dtype=np.uint8).repeat(64).reshape(8, 1, 8, 8),
        y=[0, 1] * 4, class_names=("cat", "dog"), groups=[5, 5, 5, 5, 9, 9, 9, 9], pairs=[[0, 3], [6, 1]],
        labels=np.array([[7], [6], [5], [4], [np.nan], [2], [1], [0]]), factor_names=("age",), factor_sizes=(8,),
    )  # fmt: skip
    shown = {
        strip.name: (strip.remark, strip.images[:, 0, 0, 0].tolist()) for strip in strips(data)
    }
    assert shown["age"] == ("1 missing", [7, 6, 5, 3, 2, 1, 0])
    assert shown["cat"] == ("class of 4", [0, 2, 4, 6])
    assert shown["group 9"] == ("group of 4", [4, 5, 6, 7])
    assert shown["pairs"] == ("two by two, of 2", [0, 3, 6, 1])
    text = "\n".join(described(data))
    for said in (
        "8 of 8x8, grey",
        "age: 8 values; 1 of 8 labels missing",
        "2: cat (4), dog (4)",
        "2, of 4 in a row",
    ):
        assert said in text


def test_the_picture_holds_the_images_enlarged(tmp_path):
    path = contact_sheet(GRID, tmp_path / "new" / "sheet.png")
    with Image.open(path) as sheet:
        assert sheet.mode == "RGB"
        assert sheet.getpixel((168, 30)) == (
            0,
            0,
            0,
        )  # the corner of the first image, none of whose dots are there


def test_vectors_are_bars(tmp_path):
    contact_sheet(ImageData(np.array([[0.0, 1.0], [-1.0, 0.0]]), name="two"), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as sheet:
        bar, paper = (60, 90, 160), (255, 255, 255)
        assert sheet.getpixel((168 + 54, 30 + 10)) == bar  # up, to the right, in the first
        assert sheet.getpixel((168 + 18, 30 + 10)) == paper
        assert sheet.getpixel((168 + 78 + 18, 30 + 60)) == bar  # down, to the left, in the second


@pytest.mark.parametrize("name", ["sheet", "sheet.txt", "sheet.psd"])
def test_a_sheet_is_a_picture(tmp_path, name):
    with pytest.raises(ValueError, match=r"a picture, e\.g\. sheet\.png"):
        contact_sheet(GRID, tmp_path / name)


def test_a_shift_is_said():
    text = "\n".join(described(without(GRID, {"row": [2, 3]})[0]))
    assert "50.0% of the 120 combinations" in text
    assert "column: 30 values, 0, 0.5, 1, 1.5, 2, 2.5, ..., 14.5" in text
