import numpy as np
import pytest
from scipy.io import savemat

from unweave.data.datasets.cars3d import cars3d
from unweave.data.files.mat5 import read_uint8


def write(folder, cars: int = 3, side: int = 8):
    """One .mat of `im` uint8 (H, W, 3, azimuths, elevations) for each car, as published; made in another order."""
    made = {}
    for i in reversed(range(cars)):
        im = np.random.default_rng(i).integers(0, 256, (side, side, 3, 24, 4), dtype=np.uint8)
        (folder / "cars").mkdir(exist_ok=True)
        savemat(folder / f"cars/car_{i:03}_mesh.mat", {"im": im}, do_compression=True)
        made[i] = im
    return made


def test_cars_are_numbered_by_file_name_and_the_elevation_comes_first(tmp_path):
    made = write(tmp_path)
    data = cars3d(tmp_path, size=8)
    assert data.factors.names == ("elevation", "azimuth", "object")
    assert data.factors.sizes == (4, 24, 3)
    for elevation, azimuth, car in ((0, 0, 0), (3, 17, 2), (1, 23, 1)):
        expected = made[car][:, :, :, azimuth, elevation].transpose(2, 0, 1)
        assert np.array_equal(data.images([[elevation, azimuth, car]])[0], expected)
    assert data.factors.values[2].tolist() == ["car_000_mesh", "car_001_mesh", "car_002_mesh"]
    assert cars3d(tmp_path, size=4).info.shape == (3, 4, 4)


@pytest.mark.parametrize("packed", [False, True])
def test_a_matlab_file_gives_one_variable_and_nothing_else(tmp_path, packed):
    rng = np.random.default_rng(0)
    im, one = rng.integers(0, 256, (3, 4, 3, 2, 5), dtype=np.uint8), np.array([[7]], np.uint8)
    savemat(
        tmp_path / "a.mat",
        {"other": {"a": 1}, "im": im, "b": one, "x": np.eye(2)},
        do_compression=packed,
    )
    assert np.array_equal(read_uint8(tmp_path / "a.mat", "im"), im)
    assert read_uint8(tmp_path / "a.mat", "b").tolist() == [
        [7]
    ]  # so small that it stands in its tag
    for name in ("x", "other", "absent"):
        with pytest.raises(ValueError, match=r"a\.mat cannot be read: its|it holds no variable"):
            read_uint8(tmp_path / "a.mat", name)


def test_damaged_and_foreign_files_are_named(tmp_path):
    write(tmp_path)
    savemat(tmp_path / "cars/car_001_mesh.mat", {"im": np.zeros((9, 9, 3, 24, 4), np.uint8)})
    with pytest.raises(ValueError, match=r"car_001_mesh\.mat holds images"):
        cars3d(tmp_path)
    savemat(tmp_path / "cars/car_001_mesh.mat", {"im": np.zeros((9, 9))})
    with pytest.raises(ValueError, match="cannot be read: its 'im' is not an array of uint8"):
        cars3d(tmp_path)
    savemat(
        tmp_path / "cars/car_001_mesh.mat",
        {"im": np.zeros((1, 1, 3, 2000, 2000), np.uint8)},
        do_compression=True,
    )
    with pytest.raises(ValueError, match="holds 4,000,000 views of a car; expected 1,000 at most"):
        cars3d(tmp_path)
    (tmp_path / "cars/car_001_mesh.mat").write_bytes(b"rubbish")
    with pytest.raises(ValueError, match=r"car_001_mesh\.mat cannot be read"):
        cars3d(tmp_path)
    with pytest.raises(FileNotFoundError, match="cars3d needs the file"):
        cars3d(tmp_path / "nowhere")


@pytest.mark.parametrize("packed", [False, True])
def test_mutated_files_are_refused_or_read(tmp_path, withstand, packed):
    """A packed variable has a checksum, so what is read of it is right."""
    images, path = (
        np.random.default_rng(0).integers(0, 256, (4, 4, 3, 2, 2), dtype=np.uint8),
        tmp_path / "in/car.mat",
    )
    path.parent.mkdir()
    savemat(path, {"im": images}, do_compression=packed)

    def read():
        data = cars3d(path.parent, size=4)
        assert data.array.size <= images.size
        assert not packed or np.array_equal(
            data.images([[1, 0, 0]])[0], images[:, :, :, 0, 1].transpose(2, 0, 1)
        )

    tally = withstand(f"cars3d, .mat, {'packed' if packed else 'plain'}", [path], read, usual=150)
    assert tally.refused > tally.turns / 4
