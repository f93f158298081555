"""Images of zeros and ones in bytes stay in their file: 0 and 255 by the rows that are taken."""

import numpy as np
import pytest
from PIL import Image

from unweave.data import load
from unweave.data.files import decoded
from unweave.data.sampling.batches import stream

ONES = (np.random.default_rng(0).random((40, 1, 8, 8)) > 0.5).astype(np.uint8)


def behind(array):
    """Whether the array is a view of a file."""
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return array is not None


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool])
def test_a_file_of_zeros_and_ones_is_not_copied(tmp_path, dtype):
    np.save(tmp_path / "ones.npy", ONES.astype(dtype))
    data = load(tmp_path / "ones.npy", layout="chw")
    assert behind(data.array)
    assert np.array_equal(data.take([5, 3]), ONES[[5, 3]] * 255)
    assert data.take([5]).dtype == np.uint8
    assert data.info.binary
    np.save(tmp_path / "white.npy", ONES * 255)
    assert data.fingerprint == load(tmp_path / "white.npy", layout="chw").fingerprint


def test_batches_and_views_of_them_are_black_and_white(tmp_path):
    np.save(tmp_path / "ones.npy", ONES)
    data = load(tmp_path / "ones.npy", layout="chw")
    assert set(np.unique(stream(data, {"images"}, batch_size=8)(0).x)) == {0.0, 1.0}
    half = load(tmp_path / "ones.npy", layout="chw").take(np.arange(20))
    assert set(np.unique(half)) == {0, 255}


def test_a_damaged_bool_is_white(tmp_path):
    np.save(tmp_path / "ones.npy", ONES.astype(bool))
    content = bytearray((tmp_path / "ones.npy").read_bytes())
    content[-1] = 2
    (tmp_path / "ones.npy").write_bytes(content)
    assert set(np.unique(load(tmp_path / "ones.npy", layout="chw").take([39]))) == {0, 255}


def test_a_copied_folder_of_dark_pictures_is_not_held_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(decoded, "MANY", 10)
    (tmp_path / "dark").mkdir()
    for k, image in enumerate(ONES):
        Image.fromarray(image[0]).save(tmp_path / "dark" / f"{k:02}.png")
    data = load(tmp_path / "dark", size=8)
    assert behind(data.array)
    assert np.array_equal(data.take([5, 3]), ONES[[5, 3]] * 255)
