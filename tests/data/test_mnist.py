import gzip
import os
import time
from pathlib import Path

import numpy as np
import pytest

from unweave.data import load
from unweave.data.datasets import mnist as module
from unweave.data.datasets.digits import digits
from unweave.data.datasets.mnist import fashion_mnist, mnist
from unweave.data.files.idx import read_idx

HERE = Path("/usr/share/datasets/fashion-mnist")


def idx(array: np.ndarray) -> bytes:
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write(folder: Path, seed: int, suffix: str = "", sizes: tuple[int, int] = (6, 4)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    every = []
    for part, n in zip(("train", "t10k"), sizes, strict=True):
        x, y = rng.integers(0, 256, (n, 28, 28)), np.arange(n) % 10
        pack = (lambda b: gzip.compress(b, 1)) if suffix else bytes
        (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(x)))
        (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(y)))
        every.append(x)
    return np.concatenate(every)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_training_and_test_part_are_joined_or_not(tmp_path, suffix):
    x = write(tmp_path, 0, suffix)
    data = mnist(tmp_path)
    assert np.array_equal(data.take(np.arange(10)), x[:, None])
    assert data.y.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
    assert data.info.shape == (1, 28, 28)
    assert data.info.classes == 10
    assert np.array_equal(mnist(tmp_path, part="test").array, x[6:, None])
    assert len(mnist(tmp_path, part="train")) == 6
    with pytest.raises(ValueError, match="part is 'tset'; did you mean 'test'"):
        load("mnist", tmp_path, part="tset")


def test_the_two_sets_of_equal_file_names_are_told_apart_by_their_folders(tmp_path, monkeypatch):
    cloth, digit = write(tmp_path / "FashionMNIST/raw", 1), write(tmp_path / "mnist", 2)
    monkeypatch.setenv("UNWEAVE_DATA", str(tmp_path))
    assert np.array_equal(mnist().array[:, 0], digit)
    assert np.array_equal(fashion_mnist().array[:, 0], cloth)
    assert np.array_equal(
        mnist(tmp_path / "FashionMNIST").array[:, 0], cloth
    )  # the user's own word counts


def test_missing_files_are_named(tmp_path, monkeypatch):
    monkeypatch.delenv("UNWEAVE_DATA", raising=False)
    write(tmp_path, 0)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    assert len(mnist(tmp_path, part="train")) == 6
    with pytest.raises(
        FileNotFoundError,
        match=r"mnist needs the files train-images-idx3-ubyte, .*--root FOLDER \(root=FOLDER\)",
    ) as error:
        mnist(tmp_path)
    assert str(tmp_path) in str(error.value)
    with pytest.raises(
        FileNotFoundError,
        match=r"`unweave data get fashion-mnist` fetches them, Debian: apt-get install dataset-fashion-mnist",
    ):
        fashion_mnist(tmp_path / "elsewhere")


def test_files_that_do_not_fit_together_are_refused(tmp_path):
    write(tmp_path, 0)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(5)))
    with pytest.raises(
        ValueError, match=r"train files do not fit together: images \(6, 28, 28\), labels \(5,\)"
    ):
        mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.full(6, 11)))
    with pytest.raises(ValueError, match="train labels go up to 11"):
        mnist(tmp_path)


def test_fashion_mnist_is_found_where_debian_puts_it(monkeypatch):
    """7,000 of each class; the first training image is an ankle boot. Without the package: what to install is said."""
    monkeypatch.delenv("UNWEAVE_DATA", raising=False)
    if not HERE.is_dir():
        with pytest.raises(FileNotFoundError, match="apt-get install dataset-fashion-mnist"):
            fashion_mnist()
        return
    data = fashion_mnist()
    assert data.info.n == 70_000
    assert np.bincount(data.y).tolist() == [7000] * 10
    assert data.class_names[data.y[0]] == "ankle boot"
    assert data.array.mean() == pytest.approx(72.97, abs=0.1)


def test_gzipped_images_are_unpacked_once_beside_the_file(tmp_path, monkeypatch):
    x = write(tmp_path, 0, ".gz")
    mnist(tmp_path)
    unpacked = sorted(p.name for p in tmp_path.glob("*.npy"))
    assert unpacked == [f"{part}-images-idx3-ubyte.gz.images.npy" for part in ("t10k", "train")]
    read = []
    monkeypatch.setattr(module, "read_idx", lambda file: read.append(file.name) or read_idx(file))
    assert np.array_equal(mnist(tmp_path).array[:, 0], x)
    assert [name for name in read if "images" in name] == []
    x = write(tmp_path, 3, ".gz")
    os.utime(tmp_path / "train-images-idx3-ubyte.gz", (1, 1))
    os.utime(tmp_path / "t10k-images-idx3-ubyte.gz", (1, 1))
    assert np.array_equal(mnist(tmp_path).array[:, 0], x)


def test_seventy_thousand_gzipped_images_open_within_half_a_second_the_second_time(
    tmp_path, monkeypatch, own_cache
):
    """In seconds of this process. The folder is taken for one of the system's, in which nothing is written."""
    monkeypatch.setattr(module, "PREFIXES", (tmp_path,))
    first = write(tmp_path, 0, ".gz", sizes=(60_000, 10_000))
    assert np.array_equal(mnist(tmp_path).array[:, 0], first)
    assert len(list(tmp_path.iterdir())) == 4
    assert len(list(own_cache.rglob("*.images.npy"))) == 2
    start = time.process_time()
    again = mnist(tmp_path)
    assert time.process_time() - start < 0.5
    assert np.array_equal(again.array[:, 0], first)


def test_digits_are_there_without_any_file():
    data = digits()
    assert data.array.shape == (1797, 1, 8, 8)
    assert data.array.max() == 255
    assert np.bincount(data.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits(size=32).info.shape == (1, 32, 32)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_mutated_files_are_refused_or_read(tmp_path, withstand, suffix):
    """Images and labels of both parts in turn; gzip has a checksum, so what is read of it is right."""
    x, folder = write(tmp_path / "mnist", 0, suffix), tmp_path / "mnist"

    def read():
        data = mnist(folder)
        assert data.array.shape == (10, 1, 28, 28)
        assert not suffix or np.array_equal(data.array[:, 0], x)
        assert not suffix or data.y.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]

    tally = withstand(f"mnist, IDX {suffix or 'plain'}", sorted(folder.iterdir()), read, usual=100)
    assert tally.refused > tally.turns / 4
