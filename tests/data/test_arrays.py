import io
import re
import zipfile

import numpy as np
import pytest
import scipy.sparse
import torch
from PIL import Image

from unweave.data import load
from unweave.data.datasets.arrays import arrays
from unweave.data.sampling.batches import stream

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (10, 3, 8, 9), dtype=np.uint8)


@pytest.mark.parametrize(
    ("given", "expected", "said"),
    [
        (BYTES, BYTES, "channels first"),
        (BYTES.transpose(0, 2, 3, 1), BYTES, "channels last"),
        (BYTES[:, :1].transpose(0, 2, 3, 1), BYTES[:, :1], "channels last"),
        (BYTES[:, 0], BYTES[:, :1], "grey"),
        (BYTES.astype(np.float32) / 255, BYTES, r"floats in \[0, 1\]"),
        (BYTES.astype(np.float64), BYTES, r"floats in \[0, 255\]"),
        (BYTES / 127.5 - 1, BYTES, r"floats in \[-1, 1\]"),
        (BYTES.astype(np.int64), BYTES, "whole numbers to 255"),
        (BYTES.astype(np.uint16) * 257, BYTES, "16 bits"),
        (BYTES > 127, (BYTES > 127) * np.uint8(255), "0 and 1"),
        ((BYTES > 127).astype(np.uint8), (BYTES > 127) * np.uint8(255), "0 and 1"),
        (torch.from_numpy(BYTES), BYTES, "channels first"),
    ],
)
def test_layout_and_range_are_found_out_and_said(given, expected, said):
    data = arrays(given)
    assert data.array.dtype == np.uint8
    assert np.array_equal(data.take(np.arange(10)), expected)
    assert re.search(said, data.about)


def test_the_square_decides_when_two_axes_could_be_the_channels():
    assert arrays(np.zeros((5, 3, 8, 8, 3), np.uint8)[:, 0]).info.shape == (3, 8, 8)
    assert arrays(np.zeros((5, 3, 4, 4), np.uint8)).info.shape == (3, 4, 4)
    assert arrays(np.zeros((5, 4, 4, 3), np.uint8)).info.shape == (3, 4, 4)
    assert arrays(np.zeros((5, 1, 2, 3), np.uint8)).info.shape == (
        1,
        2,
        3,
    )  # a grey image rather than a side of 1
    assert arrays(np.zeros((5, 3, 2, 1), np.uint8)).info.shape == (1, 3, 2)
    with pytest.raises(
        ValueError, match=r"which axis are the channels\? say --layout hwc \(layout='hwc'\)"
    ):
        arrays(np.zeros((5, 3, 8, 3), np.uint8))
    assert arrays(np.zeros((5, 3, 8, 3), np.uint8), layout="hwc").info.shape == (3, 3, 8)
    assert arrays(np.zeros((5, 3, 8, 3), np.uint8), layout="chw").info.shape == (3, 8, 3)
    with pytest.raises(ValueError, match="which axis"):
        arrays(np.zeros((5, 8, 8, 2), np.uint8))
    assert arrays(np.zeros((5, 8, 8, 2), np.uint8), layout="hwc").info.shape == (2, 8, 8)


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ((64, 64, 3), "u1", "one single image"),
        ((3, 64, 64), "u1", "one single image"),
        ((1, 64, 64), "u1", "one single image"),
        ((1, 64, 64, 3), "f4", "one single image"),
        ((64, 64), "u1", "one single image"),
        ((64,), "u1", "expected at least 2 images"),
        ((2, 2, 2, 2, 2, 2), "u1", "expected at least 2 images"),
        ((0, 8, 8, 3), "u1", "expected at least 2 images"),
        ((), "f4", "expected at least 2 images"),
        ((4, 8, 8, 3), "c8", "holds complex64; expected numbers"),
        ((4, 8, 8, 3), "U3", "expected numbers"),
        ((4, 8, 8, 3), "O", "expected numbers"),
    ],
)
def test_wrong_shapes_and_types_are_told(shape, dtype, message):
    with pytest.raises(ValueError, match=message):
        arrays(np.zeros(shape, dtype))


def test_values_out_of_every_range_and_values_that_are_none():
    with pytest.raises(ValueError, match=r"values from 0 to 300; expected bytes"):
        arrays(np.linspace(0, 300, 192).reshape(4, 4, 4, 3))
    with pytest.raises(ValueError, match=r"values from -5 to 5"):
        arrays(np.linspace(-5, 5, 192).reshape(4, 4, 4, 3).astype(np.int64))
    for bad in (np.nan, np.inf):
        x = np.zeros((4, 4, 4, 3), np.float32)
        x[2, 1, 0, 0] = bad
        with pytest.raises(ValueError, match="NaN or infinity, first in row 2"):
            arrays(x)
    with pytest.raises(ValueError, match="NaN or infinity, first in row 1"):
        arrays(np.array([[0.0, 1.0], [np.nan, 0.0]]))


def test_vectors_and_clips():
    points = RNG.normal(size=(12, 5))
    assert np.array_equal(arrays(points).take([3]), points[[3]].astype(np.float32))
    clips = arrays(RNG.integers(0, 256, (4, 6, 8, 8, 3), dtype=np.uint8))
    assert clips.info.shape == (3, 8, 8)
    assert clips.groups.tolist() == np.repeat([0, 1, 2, 3], 6).tolist()
    index = stream(clips, {"clips"}, batch_size=10, clip_length=5)(0).index
    assert (index[:, 1:] - index[:, :-1] == 1).all()


def test_files_are_read_and_large_ones_not_copied(tmp_path):
    np.save(tmp_path / "a.npy", BYTES)
    data = load(tmp_path / "a.npy")
    assert isinstance(data.array, np.memmap)
    assert data.name == "a"
    assert np.array_equal(data.take([4, 2]), BYTES[[4, 2]])
    np.save(tmp_path / "last.npy", BYTES.transpose(0, 2, 3, 1).copy())
    last = load(str(tmp_path / "last.npy"))
    assert np.array_equal(last.take([4, 2]), BYTES[[4, 2]])
    assert np.shares_memory(last.array, last.array.base)
    x = stream(last, {"images"}, batch_size=4)(0)
    assert np.array_equal((x.x * 255).round().numpy(), BYTES[x.index])


def test_members_of_an_npz_are_found_by_name_and_objects_never_opened(tmp_path):
    path = tmp_path / "set.npz"
    v = np.stack([np.arange(10) % 3, np.arange(10) % 4], 1)
    secret = np.array([{"a": 1}], dtype=object)
    np.savez(path, images=BYTES, y=np.arange(10) % 2, factors=v, metadata=secret)
    data = arrays(path)
    assert np.array_equal(data.array, BYTES)
    assert data.y.tolist() == [0, 1] * 5
    assert data.labels.tolist() == v.tolist()
    assert data.factor_sizes == (3, 4)
    np.savez(path, photos=BYTES, masks=BYTES)
    with pytest.raises(
        ValueError, match=r"photos, masks; say which are the images by --key NAME \(key=NAME\)"
    ):
        arrays(path)
    assert np.array_equal(arrays(path, key="masks").array, BYTES)
    with pytest.raises(ValueError, match="say which"):
        arrays(path, key="mask")
    np.savez(path, images=secret)
    with pytest.raises(ValueError, match=r"set\.npz cannot be read"):
        arrays(path)


def test_members_are_read_in_either_order_and_not_beyond_their_header(tmp_path):
    path = tmp_path / "set.npz"
    np.savez(path, images=np.asfortranarray(BYTES))
    assert np.array_equal(arrays(path).array, BYTES)
    file = io.BytesIO()
    np.save(file, BYTES)
    for content in (file.getvalue()[:-1], file.getvalue() + b"x"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images.npy", content)
        with pytest.raises(ValueError, match="its header promises 2,160 bytes"):
            arrays(path)


def test_broken_missing_and_foreign_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        arrays(tmp_path / "a.npy")
    for name, content in (
        ("a.npy", b""),
        ("b.npy", b"\x93NUMPY rubbish"),
        ("c.npz", b"PK"),
        ("d.txt", b"1,2"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} cannot be read"):
            arrays(tmp_path / name)
    for missing in (None, 3):
        with pytest.raises(ValueError, match=r"name the array|given int"):
            arrays(missing)


def test_mutated_arrays_are_refused_or_read(tmp_path, withstand):
    small, path = RNG.integers(0, 256, (4, 6, 6, 3), dtype=np.uint8), tmp_path / "file.npy"
    np.save(path, small)

    def read():
        found = arrays(path).array
        assert found.ndim in (2, 4)
        assert found.size <= small.size

    tally = withstand("arrays, .npy", [path], read, usual=150)
    assert tally.refused > tally.turns / 3


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_mutated_archives_of_arrays_are_refused_or_read_exactly(tmp_path, withstand, save):
    """A zip has a checksum of each member, and its name twice."""
    small, path = RNG.integers(0, 256, (4, 6, 6, 3), dtype=np.uint8), tmp_path / "file.npz"
    save(path, images=small, y=np.array([0, 1, 1, 0]), factors=np.eye(4))

    def read():
        data = arrays(path)
        assert np.array_equal(data.array, small.transpose(0, 3, 1, 2))
        assert data.y.tolist() == [0, 1, 1, 0]
        assert np.array_equal(data.labels, np.eye(4))

    tally = withstand(f"arrays, .npz, {save.__name__}", [path], read, usual=100)
    assert tally.refused > tally.turns / 3


@pytest.mark.parametrize("damage", ["lost", "renamed"])
def test_an_array_that_the_directory_of_an_npz_loses_or_renames_is_missed(tmp_path, damage):
    """It is lost where the entry before it is said to have a note as long as its own entry."""
    path = tmp_path / "set.npz"
    np.savez(path, images=BYTES, y=np.arange(10) % 2)
    content = bytearray(path.read_bytes())
    first, second = (m.start() for m in re.finditer(b"PK\x01\x02", content))
    if damage == "lost":
        rest = content.index(b"PK\x05\x06") - second
        content[first + 32 : first + 34] = rest.to_bytes(2, "little")
    else:
        content[second + 46] = ord("z")  # y.npy
    path.write_bytes(content)
    with pytest.raises(
        ValueError,
        match=r"set\.npz cannot be read: (its directory promises 2|File name in directory)",
    ):
        arrays(path)


class Samples:
    """A data set in the manner of torch: a length and an index."""

    classes = ("odd", "even")

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __len__(self) -> int:
        return 6

    def __getitem__(self, i: int) -> object:
        picture = Image.fromarray(np.full((10, 20, 3), 40 * i, np.uint8))
        return {
            "tuple": (torch.full((1, 8, 8), i / 10), (i + 1) % 2),
            "dict": {"image": picture, "label": (i + 1) % 2, "text": "a"},
            "image": picture,
            "words": "no image",
            "mixed": picture.convert("L") if i == 3 else picture,
        }[self.kind]


def test_data_sets_of_samples_are_read_once():
    data = load(Samples("tuple"))
    assert data.y.tolist() == [1, 0, 1, 0, 1, 0]
    assert data.class_names == ("odd", "even")
    assert data.array[:, 0, 0, 0].tolist() == [0, 26, 51, 76, 102, 128]
    pictures = arrays(Samples("dict"), size=5)
    assert pictures.info.shape == (3, 5, 5)
    assert pictures.array[:, 0, 0, 0].tolist() == [0, 40, 80, 120, 160, 200]
    assert arrays(Samples("image")).y is None
    with pytest.raises(ValueError, match="a sample is a str; expected an image"):
        arrays(Samples("words"))
    with pytest.raises(ValueError, match="sample 3 is grey, the first one rgb"):
        arrays(Samples("mixed"))


def test_a_data_set_of_hugging_face_is_known_by_what_it_can_do():
    class Label:
        names = ("cat", "dog")

    class Dataset(Samples):
        """It has `take`, `info` and `features`, but these are not ours."""

        features = {"image": object(), "label": Label()}
        info = "about"

        def take(self, n: int) -> "Dataset":
            return self

    data = load(Dataset("dict"))
    assert data.class_names == ("cat", "dog")
    assert len(data) == 6


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"images": BYTES, "labels": RNG}, "a dict of images, labels was given; give one of them"),
        ({"train": [BYTES]}, "a dict of train was given"),
        (
            torch.empty(4, 1, 8, 8, device="meta"),
            "a Tensor cannot be read as an array: Cannot copy",
        ),
        (scipy.sparse.eye(8).tocsr(), "which has no length"),
        ([], "the data set is empty"),
    ],
)
def test_what_is_no_list_of_samples_is_refused_in_words(given, message):
    with pytest.raises(ValueError, match=message) as caught:
        load(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".NPY", ".Npz"])
def test_suffixes_are_read_in_any_case(tmp_path, suffix):
    with (tmp_path / f"x{suffix}").open("wb") as file:
        np.save(file, BYTES) if suffix == ".NPY" else np.savez(file, BYTES)
    assert len(load(tmp_path / f"x{suffix}")) == len(BYTES)
