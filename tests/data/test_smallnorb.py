import gzip
import struct

import numpy as np
import pytest

from unweave.data.datasets.smallnorb import PARTS, smallnorb

MAGIC = {np.dtype("u1"): 0x1E3D4C55, np.dtype("<i4"): 0x1E3D4C54}


def head(shape: tuple[int, ...], dtype: object) -> bytes:
    """The header of a file of this format: sizes are padded with ones to three."""
    sizes = [*shape, *[1] * max(3 - len(shape), 0)]
    return struct.pack(f"<ii{len(sizes)}i", MAGIC[np.dtype(dtype)], len(shape), *sizes)


def norb(array: np.ndarray) -> bytes:
    return head(array.shape, array.dtype) + array.tobytes()


def write(folder, side: int = 6, pack=bytes):
    """Both parts, rows shuffled as in the published files: info is instance, elevation, azimuth 0, 2, 4.., lighting."""
    made, rng = {}, np.random.default_rng(0)
    for part, instances in zip(PARTS, ((4, 6), (0, 1)), strict=True):
        rows = [
            (c, i, e, a, s)
            for c in range(2)
            for i in instances
            for e in range(3)
            for a in (0, 2, 4, 6)
            for s in (0, 1)
        ]
        rows = rng.permutation(np.array(rows, "<i4"))
        images = rng.integers(0, 256, (len(rows), 2, side, side), dtype=np.uint8)
        for kind, array in (
            ("dat", images),
            ("cat", rows[:, 0].copy()),
            ("info", rows[:, 1:].copy()),
        ):
            suffix = ".gz" if pack is gzip.compress else ""
            (folder / f"smallnorb-{part}-{kind}.mat{suffix}").write_bytes(pack(norb(array)))
        made |= {tuple(row.tolist()): pair[0] for row, pair in zip(rows, images, strict=True)}
    return made


def test_the_published_header():
    """The training images begin 55 4c 3d 1e, rank 4: 24300, 2, 96, 96; the categories have rank 1 and three sizes."""
    assert (
        head((24300, 2, 96, 96), "u1").hex() == "554c3d1e04000000ec5e0000020000006000000060000000"
    )
    assert head((24300,), "<i4").hex() == "544c3d1e01000000ec5e00000100000001000000"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_both_parts_make_one_grid_of_left_images(tmp_path, pack):
    made = write(tmp_path, pack=pack)
    data = smallnorb(tmp_path, size=6)
    assert data.factors.names == ("category", "elevation", "azimuth", "lighting", "instance")
    assert data.factors.sizes == (2, 3, 4, 2, 4)
    assert data.factors.values[4].tolist() == [0, 1, 4, 6]
    assert data.factors.values[2].tolist() == [0, 1, 2, 3]  # stored as 0, 2, 4, 6
    assert data.factors.values[0].tolist() == ["animal", "human"]
    for (category, instance, elevation, azimuth, light), image in made.items():
        v = [[category, elevation, azimuth // 2, light, [0, 1, 4, 6].index(instance)]]
        assert np.array_equal(data.images(v)[0, 0], image)


def test_resampled_pixels_stay_within_0_and_255(tmp_path):
    """Lanczos' filter overshoots beside an edge; a reader that works on integers wraps or leaves the range there."""
    write(tmp_path)
    path = tmp_path / f"smallnorb-{PARTS[0]}-dat.mat"
    images = np.zeros((96, 2, 6, 6), np.uint8)
    images[..., 3:] = 255
    path.write_bytes(norb(images))
    data = smallnorb(tmp_path, size=24)
    edge = next(
        i for i in data.array[:, 0].astype(int) if i[:, :6].max() < 30 and i[:, -6:].min() > 225
    )
    assert (edge[:, :8] < 30).all()
    assert (edge[:, -8:] > 225).all()


def test_damaged_missing_and_unfitting_files_are_named(tmp_path):
    write(tmp_path)
    category = tmp_path / f"smallnorb-{PARTS[1]}-cat.mat"
    whole = category.read_bytes()
    category.write_bytes(norb(np.zeros(7, "<i4")))
    with pytest.raises(ValueError, match="files do not fit together: cat"):
        smallnorb(tmp_path)
    category.write_bytes(norb(np.zeros(96, "<i4")))
    with pytest.raises(ValueError, match="not those of a complete grid"):
        smallnorb(tmp_path)
    category.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"testing-cat\.mat is damaged"):
        smallnorb(tmp_path)
    category.unlink()
    with pytest.raises(FileNotFoundError, match=r"testing-cat\.mat \(or with \.gz\)"):
        smallnorb(tmp_path)
    with pytest.raises(FileNotFoundError, match="smallnorb needs the file smallnorb-5x46789"):
        smallnorb(tmp_path / "nowhere")


def test_a_category_that_there_is_not_is_told_with_its_file(tmp_path):
    write(tmp_path)
    path = tmp_path / f"smallnorb-{PARTS[1]}-cat.mat"
    path.write_bytes(norb(np.full(96, 7, "<i4")))
    with pytest.raises(
        ValueError, match=r"categories are from 7 to 7; expected 0 to 4; see .*testing-cat\.mat"
    ):
        smallnorb(tmp_path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_mutated_files_are_refused_or_read_whole(tmp_path, withstand, pack):
    """All six files in turn; gzip has a checksum, so what is read of it is right."""
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, side=2, pack=pack)
    good = smallnorb(folder, size=2).array.copy()

    def read():
        found = smallnorb(folder, size=2).array
        assert found.shape == good.shape
        assert pack is bytes or np.array_equal(found, good)

    tally = withstand(f"smallnorb, {pack.__name__}", sorted(folder.iterdir()), read, usual=120)
    assert tally.refused > tally.turns / 3
