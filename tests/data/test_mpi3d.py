import zipfile

import numpy as np
import pytest

from unweave.data.datasets.mpi3d import mpi3d_complex, mpi3d_real, mpi3d_realistic, mpi3d_toy

SCENE = 2 * 3 * 3 * 40 * 40
FILES = {
    mpi3d_toy: "mpi3d_toy.npz",
    mpi3d_realistic: "mpi3d_realistic.npz",
    mpi3d_real: "mpi3d_real.npz",
    mpi3d_complex: "real3d_complicated_shapes_ordered.npz",
}


def write(path, objects: int, seed: int = 0):
    """`images` uint8 (N, H, W, 3) in an uncompressed .npz, as published but for H and W."""
    images = np.random.default_rng(seed).integers(
        0, 256, (objects * SCENE, 1, 2, 3), dtype=np.uint8
    )
    np.savez(path, images=images)
    return images


def test_the_four_sets_are_told_apart_by_their_names(tmp_path):
    written = {
        read: write(tmp_path / name, 1, seed) for seed, (read, name) in enumerate(FILES.items())
    }
    for read, images in written.items():
        assert np.array_equal(
            read(tmp_path).take([0, 77, 28799]), images[[0, 77, 28799]].transpose(0, 3, 1, 2)
        )


def test_the_published_size_gives_the_published_factors(tmp_path):
    """1,036,800 = 6, 6, 2, 3, 3, 40, 40; the complex one has 460,800 = 4, 4, 2, 3, 3, 40, 40 images."""
    images = write(tmp_path / FILES[mpi3d_toy], 36)
    data = mpi3d_toy(tmp_path)
    assert len(data) == 1_036_800
    assert data.factors.sizes == (6, 6, 2, 3, 3, 40, 40)
    assert data.factors.names[:2] == ("object_color", "object_shape")
    assert [list(values) for values in data.factors.values[2:5]] == [
        ["small", "large"],
        ["top", "center", "bottom"],
        ["purple", "sea green", "salmon"],
    ]
    v = [[5, 4, 1, 2, 0, 39, 7]]
    row = ((((((5 * 6 + 4) * 2 + 1) * 3 + 2) * 3 + 0) * 40 + 39) * 40) + 7
    assert np.array_equal(data.images(v)[0], images[row].transpose(2, 0, 1))
    write(tmp_path / FILES[mpi3d_complex], 16)
    small = mpi3d_complex(tmp_path)
    assert small.factors.sizes[:2] == (4, 4)
    assert small.factors.values[1].tolist() == [
        "coffee-cup",
        "tennis-ball",
        "croissant",
        "beer-cup",
    ]


def test_wrong_files_are_named(tmp_path):
    path = tmp_path / FILES[mpi3d_real]
    np.savez(path, images=np.zeros((100, 2, 2, 3), np.uint8))
    with pytest.raises(
        ValueError, match=r"mpi3d_real\.npz cannot be read: it holds 100 images; expected 1,036,800"
    ):
        mpi3d_real(tmp_path)
    np.savez(path, images=np.zeros((SCENE, 2, 2, 3), np.float32))
    with pytest.raises(ValueError, match="expected uint8"):
        mpi3d_real(tmp_path)
    np.savez(path, images=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="objects are never opened"):
        mpi3d_real(tmp_path)
    np.savez(path, photos=np.zeros(3))
    with pytest.raises(ValueError, match="cannot be read"):
        mpi3d_real(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="cannot be read"):
        mpi3d_real(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"needs the file mpi3d_toy\.npz"):
        mpi3d_toy(tmp_path)


def test_a_member_that_is_cut_off_leaves_nothing_behind(tmp_path):
    path = tmp_path / FILES[mpi3d_toy]
    write(tmp_path / "whole.npz", 1)
    with zipfile.ZipFile(tmp_path / "whole.npz") as archive:
        content = archive.read("images.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", content[:-100])
    with pytest.raises(ValueError, match="cannot be read"):
        mpi3d_toy(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["mpi3d_toy.npz", "whole.npz"]


def test_mutated_files_are_refused_or_read_exactly(tmp_path, withstand):
    path = tmp_path / FILES[mpi3d_toy]
    images = write(path, 1)

    def read():
        assert np.array_equal(mpi3d_toy(tmp_path).array, images.transpose(0, 3, 1, 2))

    tally = withstand("mpi3d, .npz", [path], read, usual=100)
    assert tally.refused > tally.turns / 3
