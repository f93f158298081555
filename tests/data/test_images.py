import numpy as np
import pytest

from unweave import data
from unweave.data.factors import FactorSpace
from unweave.data.images import FactorImages, ImageData

SPACE = FactorSpace(("row", "column"), (2, 3))
PIXELS = (
    np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 5), np.uint8)
).astype(np.uint8)


def test_factor_images_of_an_array_and_of_a_function_are_the_same():
    held = FactorImages(SPACE, PIXELS)
    drawn = FactorImages(SPACE, lambda v: PIXELS[v[:, 0] * 3 + v[:, 1]])
    v = [[1, 2], [0, 1]]
    for images in (held, drawn):
        assert images.images(v)[:, 0, 0, 0].tolist() == [5, 1]
        assert images.take([5, 1])[:, 0, 0, 0].tolist() == [5, 1]
        assert images.info.shape == (1, 2, 5)
        assert (images.info.n, images.info.factor_names, images.info.factor_sizes) == (
            6,
            ("row", "column"),
            (2, 3),
        )
        assert images.info.binary is False
        assert images.sample_factors(7, 0).shape == (7, 2)
    assert held.array is not None
    assert drawn.array is None


def test_what_is_taken_is_a_copy():
    taken = FactorImages(SPACE, PIXELS).take([1])
    taken[:] = 99
    assert PIXELS[1].max() == 1


def test_images_of_0_and_255_are_binary_whether_said_or_seen():
    assert FactorImages(SPACE, (PIXELS > 2).astype(np.uint8) * 255).info.binary
    assert ImageData((PIXELS > 2).astype(np.uint8) * 255).info.binary
    assert ImageData(PIXELS, binary=True).info.binary


def test_classes_labels_and_groups_stand_beside_the_images():
    images = ImageData(
        PIXELS,
        y=[0, 1, 2, 0, 1, 2],
        class_names=("a", "b", "c"),
        labels=[[0], [1], [np.nan], [1], [0], [1]],
        factor_names=("smile",),
        factor_sizes=(2,),
        groups=[0, 0, 1, 1, 2, 2],
    )
    info = images.info
    assert (info.classes, info.factor_names, info.factor_sizes) == (3, ("smile",), (2,))
    assert np.isnan(images.labels[2, 0])
    assert images.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert ImageData(PIXELS, y=[0, 1, 2, 0, 1, 2]).class_names == ("0", "1", "2")


def test_vectors_are_data_too():
    vectors = ImageData(np.arange(12.0).reshape(4, 3))
    assert vectors.info.shape == (3,)
    assert (vectors.info.low, vectors.info.high) == (0, 11)
    assert vectors.take([2]).dtype == np.float32
    assert vectors.take([2]).tolist() == [[6, 7, 8]]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: ImageData(np.zeros((2, 3, 4), np.uint8)), r"found uint8 of shape \(2, 3, 4\)"),
        (lambda: ImageData(np.zeros((2, 1, 3, 4))), "found float64"),
        (lambda: ImageData(np.zeros((0, 1, 3, 4), np.uint8)), "at least 1"),
        (lambda: ImageData(PIXELS, y=[0, 1]), r"y has shape \(2,\)"),
        (lambda: ImageData(PIXELS, y=[0, 1, 2, 3, 4, -1]), "smallest given is -1"),
        (lambda: ImageData(PIXELS, y=[0] * 5 + [3], class_names=("a",)), "1 class names"),
        (lambda: ImageData(PIXELS, labels=[[0]] * 6), "labels have shape"),
        (
            lambda: FactorImages(SPACE, PIXELS[:5]),
            "needs 6 images of uint8; the array holds 5 rows",
        ),
    ],
)
def test_what_does_not_fit_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


def test_load_knows_names_functions_and_data_and_nothing_else(tmp_path):
    images = ImageData(PIXELS)
    assert data.load(images) is images
    assert "dsprites" in data.names()
    with pytest.raises(ValueError, match="did you mean 'dsprites'"):
        data.load("dsprite")
    with pytest.raises(ValueError, match="there is no module 'no_such_module'"):
        data.load("no_such_module:f")


def test_load_calls_a_strangers_function_with_its_options(tmp_path, monkeypatch):
    (tmp_path / "stranger.py").write_text(
        "import numpy as np\nfrom unweave.data.images import ImageData\n"
        "def blank(root, size=8):\n    return ImageData(np.zeros((3, 1, size, size), np.uint8), about=str(root))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert data.load("stranger:blank", size=4).info.shape == (1, 4, 4)
    assert data.load("stranger:blank", root="here").about == "here"
    with pytest.raises(ValueError, match="no option 'sise'; did you mean 'size'"):
        data.load("stranger:blank", sise=4)
