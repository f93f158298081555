import hashlib
import tracemalloc

import h5py
import numpy as np
import pytest

from unweave.data import load
from unweave.data.datasets.shapes3d import NAMES, dsprites_hdf5, shapes3d
from unweave.data.factors import FactorSpace
from unweave.data.files.hdf5 import numbers
from unweave.data.sources import files as sources
from unweave.data.sources.files import Source

SIZES = (2, 2, 2, 3, 2, 3)


def write(folder, sizes=SIZES, order=None):
    """3dshapes.h5 as published: `images` uint8 (N, 64, 64, 3), gzipped chunks, `labels` float64 (N, 6) of real values."""
    space = FactorSpace(NAMES, sizes)
    v = space.factors_at(np.arange(len(space)))[order if order is not None else slice(None)]
    labels = v * [0.1, 0.1, 0.1, 0.071, 1.0, 30.0] + [0, 0, 0, 0.75, 0, -30]
    images = np.random.default_rng(0).integers(0, 256, (len(space), 64, 64, 3), dtype=np.uint8)
    path = folder / "3dshapes.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images, chunks=(12, 16, 16, 1), compression="gzip")
        file.create_dataset("labels", data=labels)
    return path, images


def sprites(folder, sizes=(1, 3, 2, 4, 2, 2)):
    """dSprites as published in HDF5: `imgs` of 0 and 1 and `latents/classes` with the constant colour first."""
    space = FactorSpace(("color", "shape", "scale", "orientation", "x", "y"), sizes)
    images = np.random.default_rng(0).integers(0, 2, (len(space), 64, 64), dtype=np.uint8)
    path = folder / "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.hdf5"
    with h5py.File(path, "w") as file:
        file["imgs"] = images
        file["latents/classes"] = space.factors_at(np.arange(len(space)))
    return path, images


def test_3d_shapes_come_back_with_their_factors_and_values(tmp_path):
    """The published grid: floor_hue 10, wall_hue 10, object_hue 10, scale 8, shape 4, orientation 15: 480,000."""
    path, images = write(tmp_path)
    data = shapes3d(tmp_path)
    assert np.array_equal(data.array, images.transpose(0, 3, 1, 2))
    assert isinstance(data.array, np.memmap)
    assert data.factors.names == (
        "floor_hue",
        "wall_hue",
        "object_hue",
        "scale",
        "shape",
        "orientation",
    )
    assert data.factors.sizes == SIZES
    assert data.factors.values[5].tolist() == [-30, 0, 30]
    assert np.array_equal(
        data.images([[1, 0, 1, 2, 0, 1]])[0],
        images[data.factors.rows([[1, 0, 1, 2, 0, 1]])[0]].T.transpose(0, 2, 1),
    )
    again = shapes3d(path)
    assert np.array_equal(again.take([5]), data.take([5]))


def test_dsprites_in_its_hdf5_form(tmp_path):
    _, images = sprites(tmp_path)
    data = dsprites_hdf5(tmp_path)
    assert data.name == "dsprites"
    assert data.factors.sizes == (3, 2, 4, 2, 2)
    assert np.array_equal(data.array[:, 0], images * np.uint8(255))
    assert data.info.binary
    assert np.array_equal(load("dsprites", tmp_path).take([7]), data.take([7]))


def test_labels_out_of_order_or_incomplete_are_refused(tmp_path):
    order = np.arange(144)
    order[[3, 4]] = 4, 3
    write(tmp_path, order=order)
    with pytest.raises(
        ValueError,
        match=r"3dshapes\.h5 cannot be read: its labels are not in the order of the grid",
    ):
        shapes3d(tmp_path)
    write(tmp_path, order=np.where(np.arange(144) == 7, 8, np.arange(144))[:143])
    with pytest.raises(ValueError, match="cannot be read"):
        shapes3d(tmp_path)


def test_a_file_of_the_published_size_has_to_be_the_published_file(tmp_path, monkeypatch):
    path, _ = write(tmp_path)
    content = path.read_bytes()
    true = Source("3dshapes.h5", "here", "free", len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(sources.SOURCES, "shapes3d", true)
    shapes3d(tmp_path)
    assert sources.verify("shapes3d", path) == f"{path} is the published file"
    flipped = bytearray(content)
    flipped[-1000] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(ValueError, match="is damaged: its sha256 is not the published one"):
        shapes3d(tmp_path)
    with pytest.raises(ValueError, match="is not the published file"):
        sources.verify("shapes3d", path)


def test_a_checksum_nobody_published_is_recorded_at_first_use(tmp_path):
    path = tmp_path / "mpi3d_toy.npz"
    path.write_bytes(b"some")
    assert "recorded as that of its first use" in sources.verify("mpi3d-toy", path)
    assert "unchanged since its first use" in sources.verify("mpi3d-toy", path)
    path.write_bytes(b"same")
    with pytest.raises(ValueError, match="has changed since its first use"):
        sources.verify("mpi3d-toy", path)


def test_a_missing_file_is_named_with_its_address_and_stand_in(tmp_path, monkeypatch):
    monkeypatch.delenv("UNWEAVE_DATA", raising=False)
    with pytest.raises(
        FileNotFoundError,
        match=r"needs the file 3dshapes\.h5, which is not in \$UNWEAVE_DATA .*scene3d",
    ):
        shapes3d()
    with pytest.raises(FileNotFoundError, match=r"not in .*it is from https://"):
        shapes3d(tmp_path)


@pytest.mark.parametrize(
    ("reader", "make", "sizes"),
    [(shapes3d, write, (1, 1, 1, 3, 2, 2)), (dsprites_hdf5, sprites, (1, 3, 2, 1, 2, 2))],
    ids=["shapes3d", "dsprites"],
)
def test_mutated_files_are_refused_or_read(tmp_path, withstand, reader, make, sizes):
    path, images = make(tmp_path, sizes)

    def read():
        assert reader(tmp_path).array.size == images.size

    name = "shapes3d, HDF5" if reader is shapes3d else "dsprites, HDF5"
    tally = withstand(name, [path], read, usual=80)
    assert tally.refused > tally.turns / 4


def test_mutated_checksums_of_the_first_use_are_refused_or_read(tmp_path, withstand):
    path = tmp_path / "mpi3d_toy.npz"
    path.write_bytes(b"some")
    sources.verify("mpi3d-toy", path)

    def read():
        assert "unchanged since its first use" in sources.verify("mpi3d-toy", path)

    note = path.with_name("mpi3d_toy.npz.sha256.json")
    tally = withstand(
        "checksum of the first use, .json", [note], read, usual=100, named=[path.name]
    )
    assert tally.refused > tally.turns / 3


LINKS = {
    "to another file": lambda there, key: h5py.ExternalLink("other.h5", key),
    "within the file": lambda there, key: h5py.SoftLink(f"/real/{key}"),
}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    ("reader", "make", "key"),
    [
        (shapes3d, write, "images"),
        (shapes3d, write, "labels"),
        (dsprites_hdf5, sprites, "imgs"),
        (dsprites_hdf5, sprites, "latents"),
        (dsprites_hdf5, sprites, "latents/classes"),
    ],
)
def test_links_are_not_followed(tmp_path, reader, make, key, link):
    path, _ = make(tmp_path)
    (tmp_path / "other.h5").write_bytes(path.read_bytes())
    with h5py.File(path, "a") as file:
        file.copy(file[key], file, f"real/{key}")
        del file[key]
        file[key] = LINKS[link](file, key)
    with pytest.raises(ValueError, match=r"links are not followed") as error:
        reader(path)
    assert str(path) in str(error.value)


def elsewhere(file, key):
    """The data set as one whose numbers lie in another file, raw."""
    shape = file[key].shape
    kind = file[key].dtype
    del file[key]
    file.create_dataset(key, shape, kind, external=[("raw.bin", 0, h5py.h5f.UNLIMITED)])


def virtual(file, key):
    """The data set as a view of another file's."""
    layout = h5py.VirtualLayout(file[key].shape, file[key].dtype)
    layout[...] = h5py.VirtualSource("other.h5", key, file[key].shape)
    del file[key]
    file.create_virtual_dataset(key, layout)


@pytest.mark.parametrize("store", [elsewhere, virtual])
@pytest.mark.parametrize("key", ["images", "labels"])
def test_numbers_that_are_kept_in_other_files_are_not_read(tmp_path, store, key):
    path, _ = write(tmp_path)
    (tmp_path / "other.h5").write_bytes(path.read_bytes())
    (tmp_path / "raw.bin").write_bytes(bytes(10**6))
    with h5py.File(path, "a") as file:
        store(file, key)
    with pytest.raises(
        ValueError, match=rf"its {key} are kept in other files, which are not opened"
    ):
        shapes3d(path)


CLAIMS = {
    "never written": {},
    "in chunks": {"chunks": (1000, 6)},
    "packed": {"chunks": (1000, 6), "compression": "gzip"},
    "one large chunk": {"chunks": (5_000_000, 6), "compression": "gzip"},
}


@pytest.mark.parametrize("kept", CLAIMS)
def test_labels_that_a_file_cannot_hold_are_refused_before_they_take_memory(tmp_path, kept):
    path = tmp_path / "3dshapes.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "images", (5_000_000, 64, 64, 3), "u1", chunks=(12, 16, 16, 1), compression="gzip"
        )
        file.create_dataset("labels", (5_000_000, 6), "f8", **CLAIMS[kept])
        if kept in ("in chunks", "packed"):  # one of the chunks is there
            file["labels"][0] = 1
    with (
        h5py.File(path, "r") as file,
        pytest.raises(ValueError, match="its header promises labels"),
    ):
        numbers(file, "labels")
    tracemalloc.start()
    with pytest.raises(
        ValueError,
        match=r"its header promises (images|labels) of .*; it holds [0-9,]+ bytes of them",
    ):
        shapes3d(path)
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


def test_labels_of_another_shape_are_refused_before_they_are_read(tmp_path):
    path, _ = write(tmp_path)
    with h5py.File(path, "a") as file:
        del file["labels"]
        file["labels"] = np.zeros((7, 6))
    with pytest.raises(ValueError, match=r"144 images and labels \(7, 6\); expected \(N, 6\)"):
        shapes3d(path)
